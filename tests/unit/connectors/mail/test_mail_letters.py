"""Which mail is due for a copy of a card, its thread, and what the failure of a submission means for the copy."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from kit.servers.mail_server import Inbox, MailServer
from looply.connectors.blobs import Blob
from looply.connectors.email.accounts import account_of
from looply.connectors.email.cards.delivery import Failure, MailDelivery, Undelivered, failure_of
from looply.connectors.email.cards.letters import Appearance, Copy, Due, Handle, find_due, read_handle, subject_of
from looply.connectors.email.cards.pictures import Pictures
from looply.connectors.email.cards.texts import TEXTS, language_of
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import ConnectionValues
from looply.errors import AuthFailed, BadInput, OperationError, RateLimited, Rejected, Timeout, Unavailable
from looply.jsontext import Json
from looply.limits import Limits

Open = Callable[..., Awaitable[MailServer]]
AT = datetime(2026, 7, 1, tzinfo=UTC)
SENDER = "Orders <orders@example.com>"
LINK = "https://looply.example.com/inbox/tok"
CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Release order 4711"}],
    "actions": [{"type": "Action.Submit", "title": "Approve"}],
}
COPY = Copy(card_id="c-1", recipient="ann@example.com", link=LINK, notifies_end=True)
OPEN = Appearance(status="OPEN", card=CARD, revision=1)


async def no_blob(reference: Json) -> Blob | None:
    raise AssertionError(f"a card without images has opened {reference}")


def with_changes(appearance: Appearance, **changes: Any) -> Appearance:
    values = {name: getattr(appearance, name) for name in appearance.__struct_fields__}
    return Appearance(**{**values, **changes})


def due(appearance: Appearance, handle: Handle = Handle(), copy: Copy = COPY) -> Due | None:  # noqa: B008
    return find_due(copy, appearance, handle, SENDER, AT, Pictures({}))


def must(appearance: Appearance, handle: Handle = Handle(), copy: Copy = COPY) -> Due:  # noqa: B008
    found = due(appearance, handle, copy)
    assert found is not None
    assert due(appearance, found.handle, copy) is None
    return found


def test_the_first_mail_has_the_card_and_the_link_to_its_page() -> None:
    found = must(OPEN)
    letter = found.letter
    assert (letter.subject, letter.to, letter.local_id, letter.references) == (
        "Release order 4711",
        ["ann@example.com"],
        "c-1.1",
        (),
    )
    assert letter.html.count(f'href="{LINK}"') == 1
    assert ">Approve</a>" in letter.html
    assert "decides nothing" in letter.html
    assert letter.text == f"Release order 4711\n\nOpen it in Looply: {LINK}"
    assert found.handle.mails == ("<c-1.1@example.com>",)


def test_a_card_without_buttons_gets_one() -> None:
    found = must(with_changes(OPEN, card={**CARD, "actions": []}))
    assert found.letter.html.count(f'href="{LINK}"') == 1
    assert "Open and answer" in found.letter.html


def test_a_card_for_reading_has_no_way_to_answer() -> None:
    letter = must(with_changes(OPEN, status="SHOWN")).letter
    assert LINK not in letter.html + letter.text
    assert "takes no answer" in letter.html
    assert "takes no answer" in letter.text


def test_the_same_mail_has_the_same_id_and_a_repetition_is_folded() -> None:
    assert must(OPEN).letter == must(OPEN).letter


def test_a_changed_card_follows_in_the_thread() -> None:
    first = must(OPEN).handle
    second = must(
        with_changes(OPEN, revision=3, card={**CARD, "body": [{"type": "TextBlock", "text": "Other"}]}), first
    )
    assert (second.letter.subject, second.letter.local_id) == ("Re: Release order 4711", "c-1.3")
    assert second.letter.references == ("<c-1.1@example.com>",)
    assert "has changed" in second.letter.html
    assert "Other" in second.letter.text


def test_each_reminder_is_one_mail_of_the_thread() -> None:
    handle = must(OPEN).handle
    for number in (1, 2, 3):
        found = must(with_changes(OPEN, reminder=number), handle)
        assert found.letter.local_id == f"c-1.1.r{number}"
        assert found.letter.references[0] == "<c-1.1@example.com>"
        assert found.letter.references[-1] == handle.mails[-1]
        assert found.letter.text.startswith("Reminder")
        handle = found.handle
    assert len(handle.mails) == 4


def test_a_card_for_reading_reminds_of_nothing() -> None:
    handle = must(OPEN).handle
    assert due(with_changes(OPEN, status="SHOWN", reminder=1), handle) is None


def test_a_long_thread_names_its_first_mail_and_the_latest() -> None:
    handle = Handle(mails=tuple(f"<{number}@example.com>" for number in range(30)), revision=1, subject="S")
    references = must(with_changes(OPEN, reminder=1), handle).letter.references
    assert (len(references), references[0], references[-1]) == (10, "<0@example.com>", "<29@example.com>")


ENDED = with_changes(OPEN, status="ANSWERED", text="answered by <Bob> (approve)")


def test_the_end_is_said_once_to_who_has_not_answered() -> None:
    handle = must(OPEN).handle
    found = must(ENDED, handle)
    assert (found.letter.local_id, found.letter.subject) == ("c-1.1.end", "Re: Release order 4711")
    assert "answered by &lt;Bob&gt; (approve)" in found.letter.html
    assert "answered by <Bob> (approve)" in found.letter.text
    assert LINK not in found.letter.html + found.letter.text
    assert "no more answers" in must(with_changes(ENDED, status="CLOSED"), handle).letter.text


@pytest.mark.parametrize(
    ("appearance", "copy", "has_mail"),
    [
        (with_changes(ENDED, has_answered=True), COPY, True),
        (ENDED, Copy(card_id="c-1", recipient="ann@example.com", link=LINK), True),
        (ENDED, COPY, False),
    ],
)
def test_the_end_is_not_said_to_others(appearance: Appearance, copy: Copy, has_mail: bool) -> None:
    assert due(appearance, must(OPEN).handle if has_mail else Handle(), copy) is None


def test_the_handle_is_kept_as_text() -> None:
    handle = must(with_changes(OPEN, reminder=2), must(OPEN).handle).handle
    assert read_handle(handle.text) == handle
    assert read_handle("") == Handle()
    assert Handle().text == ""
    assert '"a":["<c-1.1@example.com>","<c-1.1.r2@example.com>"]' in handle.text
    for text in ("{", "[]", '{"a":5}'):
        with pytest.raises(BadInput, match="none of mail"):
            read_handle(text)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Release\r\nBcc: eve@example.com", "Release Bcc: eve@example.com"),
        ("=?utf-8?q?a?=", "= ?utf-8?q?a?="),
        ("", "A request waits for you"),
        ("\u202e\u200b", "A request waits for you"),
        ("x" * 180, "x" * 150 + "..."),
    ],
)
def test_a_subject_is_one_line(text: str, subject: str) -> None:
    assert subject_of({**CARD, "body": [{"type": "TextBlock", "text": text}]}, TEXTS["en"]) == subject


def test_a_card_that_is_too_long_for_a_mail_is_a_link() -> None:
    body = [{"type": "TextBlock", "text": "Release"}, {"type": "TextBlock", "text": "y" * 100_000}]
    letter = must(with_changes(OPEN, card={**CARD, "body": body})).letter
    assert len(letter.html) < 3_000
    assert len(letter.text) < 1_000
    assert "too long" in letter.html
    assert letter.html.count(f'href="{LINK}"') == 1


def test_mails_are_in_the_language_of_the_recipient() -> None:
    copy = Copy(card_id="c-1", recipient="ann@example.com", link=LINK, language=language_of("de-AT"))
    letter = must(with_changes(OPEN, reminder=1), must(OPEN, copy=copy).handle, copy).letter
    assert "Erinnerung" in letter.html
    assert 'lang="de"' in letter.html
    assert language_of("fr") == "en"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (Rejected("x", code="MAIL_REFUSED", status="550"), "blocked"),
        (Rejected("x", code="TLS_CERTIFICATE"), "unusable"),
        (Rejected("x", code="EGRESS_DENIED"), "unusable"),
        (AuthFailed("x", status="535"), "unusable"),
        (Unavailable("x", status="451"), "again"),
        (Timeout("x"), "again"),
        (Unavailable("x", sent=True), "unknown"),
        (Timeout("x", sent=True), "unknown"),
        (BadInput("x"), "broken"),
    ],
)
def test_a_failure_says_what_becomes_of_the_copy(error: OperationError, meaning: str) -> None:
    assert failure_of(error) == Failure(meaning=meaning, code=error.code, status=error.status or "")  # type: ignore[arg-type]


def test_a_limit_says_how_long_to_wait_and_a_missing_mailbox_is_the_connection() -> None:
    limited = RateLimited("x", retry_after=timedelta(seconds=7), status="429")
    limited.sent = False
    assert (failure_of(limited).meaning, failure_of(limited).after) == ("throttled", timedelta(seconds=7))
    missing = Rejected("x", code="MAIL_REFUSED", status="404")
    missing.is_of_connection = True
    assert failure_of(missing).meaning == "unusable"


class TestDelivery:
    async def bring(self, wiring: Any, port: int, appearance: Appearance, handle: Handle = Handle()) -> Handle:  # noqa: B008
        settings = {"host": "127.0.0.1", "port": port, "tls": "none", "from": SENDER}
        account = account_of(ConnectionValues(name="M", kind="smtp", settings=settings), "the channel")
        wiring.answer()
        ctx = replace(wiring.context(), dialer=GuardedDialer(EgressPolicy((f"127.0.0.1:{port}",))))
        delivery = MailDelivery(account=account, limits=Limits(), open_blob=no_blob)
        return await delivery.bring(ctx, COPY, appearance, handle)

    async def test_a_copy_is_brought_once_and_its_thread_holds_together(
        self, wiring: Any, inbox: Inbox, open_server: Open
    ) -> None:
        port = (await open_server()).port
        handle = await self.bring(wiring, port, OPEN)
        assert await self.bring(wiring, port, OPEN, handle) == handle
        handle = await self.bring(wiring, port, with_changes(OPEN, reminder=1), handle)
        first, second = (message_from_bytes(each.content, policy=default) for each in inbox.mails)  # type: ignore[arg-type]
        assert [str(each["To"]) for each in (first, second)] == ["ann@example.com"] * 2
        assert (str(first["Message-ID"]), str(second["In-Reply-To"])) == ("<c-1.1@example.com>",) * 2
        assert handle.mails == (str(first["Message-ID"]), str(second["Message-ID"]))

    async def test_a_refusal_blocks_the_copy_and_a_busy_server_does_not(
        self, wiring: Any, inbox: Inbox, open_server: Open
    ) -> None:
        port = (await open_server()).port
        for answer, meaning in (("550 no such user", "blocked"), ("451 later", "again")):
            inbox.answers["ann@example.com"] = answer
            with pytest.raises(Undelivered) as caught:
                await self.bring(wiring, port, OPEN)
            assert (caught.value.failure.meaning, caught.value.failure.status) == (meaning, answer[:3])
        assert inbox.mails == []

    async def test_a_cut_answer_is_unknown_and_the_repetition_is_the_same_mail(
        self, wiring: Any, inbox: Inbox, open_server: Open
    ) -> None:
        port = (await open_server()).port
        inbox.cuts = True
        with pytest.raises(Undelivered) as caught:
            await self.bring(wiring, port, OPEN)
        assert caught.value.failure.meaning == "unknown"
        inbox.cuts = False
        await self.bring(wiring, port, OPEN)
        ids = {str(message_from_bytes(each.content)["Message-ID"]) for each in inbox.mails}  # type: ignore[arg-type]
        assert (len(inbox.mails), ids) == (2, {"<c-1.1@example.com>"})
