"""Cards by mail from end to end: sent to a mail server of another make, answered by the link, followed by a thread."""

from base64 import b64encode
from email.message import EmailMessage
from typing import Any

import pytest
from mailing_kit import CARD, Post, text_of
from server_kit import Caller, ScriptedShell, card_step, definition, note_step
from structlog.testing import capture_logs

from kit.memory import MemoryStore
from looply.connectors.blobs import Blob
from looply.engine.coding.blobs import StoredBlobs

PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_card_arrives_as_a_mail_and_is_answered_on_the_page_of_its_link(post: Post, mine: Caller) -> None:
    started = await post.ask()
    (mail,) = post.mails()
    card = await post.open_card()
    assert (mail["subject"], mail["to"], mail["from"]) == (
        "Release 4711?",
        "ann@example.com",
        "Orders <orders@example.com>",
    )
    assert f"/inbox/{card['token']}" in text_of(mail)
    assert (card["channel"], card["delivery"]["state"]) == ("email", "SHOWN")
    await post.answer(card["token"])
    assert (await mine.item(*started))["status"] == "COMPLETED"
    await post.reconciler.tick()
    assert len(post.mails()) == 1, "who has answered gets no a mail"


async def test_reminder_and_end_are_mails_of_the_same_thread(post: Post, mine: Caller) -> None:
    started = await post.ask("ann@example.com", "bob@example.com")
    first = {mail["to"]: mail for mail in post.mails()}
    cards = {each["recipient"]: each for each in (await mine.get("getOpenCards")).json()["items"]}
    reminded = await mine.post("remindCard", {"card_id": cards["bob@example.com"]["card_id"]})
    assert reminded.status_code == 200, reminded.text
    await post.reconciler.tick()
    await post.answer(cards["ann@example.com"]["token"])
    await post.reconciler.tick()
    assert (await mine.item(*started))["status"] == "COMPLETED"
    reminder, end = post.mails()[2:]
    for mail in (reminder, end):
        assert (mail["to"], mail["subject"]) == ("bob@example.com", "Re: Release 4711?")
        assert str(mail["references"]).split()[0] == first["bob@example.com"]["message-id"]
    assert text_of(reminder).startswith("Reminder")
    assert "answered by ann@example.com" in text_of(end)
    assert len({mail["message-id"] for mail in post.mails()}) == 4


async def test_a_refused_recipient_is_blocked_and_not_tried_again(post: Post) -> None:
    post.inbox.answers["ann@example.com"] = "550 no such user"
    await post.ask()
    found = await post.delivery()
    assert (found["state"], found["code"], found["reason"]) == (
        "BLOCKED",
        "RECIPIENT_BLOCKED",
        "mail: MAIL_REFUSED 550",
    )
    post.inbox.answers.clear()
    await post.later(hours=2)
    assert post.mails() == []


async def test_a_server_that_says_later_is_asked_again(post: Post) -> None:
    post.inbox.answers["ann@example.com"] = "451 later"
    await post.ask()
    assert (await post.delivery())["state"] == "PENDING"
    post.inbox.answers.clear()
    await post.later(seconds=3)
    assert len(post.mails()) == 1
    assert (await post.delivery())["state"] == "SHOWN"


async def test_a_mail_whose_fate_is_unknown_is_sent_again_after_a_while_with_its_id(post: Post) -> None:
    post.inbox.cuts = True
    await post.ask()
    found = await post.delivery()
    assert (found["state"], found["code"]) == ("PENDING", "SEND_UNKNOWN")
    post.inbox.cuts = False
    await post.later(seconds=30)
    assert len(post.mails()) == 1
    await post.later(seconds=30)
    first, second = post.mails()
    assert first["message-id"] == second["message-id"]
    assert (await post.delivery())["state"] == "SHOWN"


async def test_a_connection_that_cannot_be_used_holds_its_cards_until_it_is_corrected(post: Post, mine: Caller) -> None:
    await post.connect("WRONG", port=post.port + 1 if post.port < 65535 else post.port - 1)
    await post.ask(app="WRONG")
    found = await post.delivery()
    assert (found["state"], found["code"]) == ("PENDING", "CHANNEL_PAUSE")
    assert found["reason"] == "the connection WRONG cannot be used: EGRESS_DENIED"
    settings = {"host": "127.0.0.1", "port": post.port, "tls": "none", "from": "orders@example.com"}
    changed = await mine.post("updateConnection", {"name": "WRONG", "kind": "smtp", "settings": settings})
    assert changed.status_code == 200, changed.text
    await post.later(seconds=50)
    assert post.mails() == []
    await post.later(seconds=10)
    assert len(post.mails()) == 1


@pytest.mark.parametrize("has_two", [False, True])
async def test_without_one_connection_for_it_a_card_waits(post: Post, mine: Caller, *, has_two: bool) -> None:
    if has_two:
        await post.connect("SECOND")
    else:
        assert (await mine.post("deleteConnection", {"name": "MAIL"})).status_code == 200
    await post.ask()
    found = await post.delivery()
    assert found["state"] == "PENDING"
    assert "of kind smtp or graph_mail, expected one" in found["reason"]


async def test_a_recipient_that_is_no_mail_address_fails(post: Post) -> None:
    await post.ask("teams:channel/19:plant@thread.tacv2")
    assert (await post.delivery())["state"] == "FAILED"


async def test_the_language_of_the_connection_is_that_of_its_mails(post: Post) -> None:
    await post.connect("DEUTSCH", language="de")
    await post.ask(app="DEUTSCH")
    assert "In Looply öffnen" in text_of(post.mails()[0])


def images_of(mail: EmailMessage) -> list[bytes]:
    parts = (part for part in mail.walk() if part.get_content_maintype() == "image")
    return [bytes(part.get_payload(decode=True)) for part in parts]  # type: ignore[arg-type]


class Pictured:
    """Executions whose card shows an image of its own, and the blob of a payload."""

    def __init__(self, post: Post, shell: ScriptedShell) -> None:
        assert isinstance(shell.blobs, StoredBlobs)
        self._blobs = shell.blobs
        self._caller = post.caller
        inline = f"data:image/png;base64,{b64encode(PNG + b'inline').decode()}"
        images: list[Any] = [{"type": "Image", "url": inline}]
        images.append({"type": "Image", "url": "${payload.output.logo}", "altText": "The logo"})
        self._card = {**CARD, "body": [*CARD["body"], *images]}

    async def ask(self, logo: Any) -> str:
        step = card_step(channel="email", card=self._card, recipients=["ann@example.com"])
        workflow_id = await self._caller.create(definition(step, note_step()))
        return await self._caller.trigger(workflow_id, {"po": "4711", "logo": logo})

    async def keep(self, execution_id: str, content: bytes) -> Any:
        """Stores a blob of an execution, and returns the reference to it."""
        blob = Blob(content=content, media_type="image/png", name="logo.png")
        return await self._blobs.keep(execution_id, self._caller.organization_id, blob)


@pytest.fixture
def pictured(post: Post, shell: ScriptedShell) -> Pictured:
    return Pictured(post, shell)


async def test_the_images_that_a_card_has_itself_are_parts_of_its_mail_and_a_blob_is_one_of_its_execution(
    post: Post, pictured: Pictured
) -> None:
    first = await pictured.ask("https://example.com/logo.png")
    logo = await pictured.keep(first, PNG + b"logo")
    await post.reconciler.tick()
    second = await pictured.ask(logo)
    assert await pictured.keep(second, PNG + b"logo") == logo
    await post.reconciler.tick()
    await pictured.ask(logo)
    await post.reconciler.tick()
    by_https, own, foreign = post.mails()
    assert images_of(by_https) == images_of(foreign) == [PNG + b"inline"]
    assert images_of(own) == [PNG + b"inline", PNG + b"logo"]
    pages = [str(each.get_body(("html",)).get_content()) for each in (by_https, own, foreign)]  # type: ignore[union-attr]
    assert [page.count("cid:") for page in pages] == [1, 2, 1]
    assert "https://example.com/logo.png" in pages[0]
    assert "The logo" in pages[2], "an execution that has no such blob names its image"


async def test_a_card_arrives_without_an_image_whose_bytes_are_damaged(
    post: Post, pictured: Pictured, store: MemoryStore
) -> None:
    key = bytes(range(32))
    execution_id = await pictured.ask({"$blob": key.hex(), "type": "image/png", "name": "", "size": 7})
    await store.journal.put_blob(execution_id, key, 0, b"damaged")
    with capture_logs() as logs:
        await post.reconciler.tick()
    assert [images_of(each) for each in post.mails()] == [[PNG + b"inline"]]
    (entry,) = [each for each in logs if each["event"] == "image_not_sent"]
    assert (entry["execution_id"], entry["log_level"]) == (execution_id, "error")
