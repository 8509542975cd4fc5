"""`looply notification`: the secret of a webhook is shown once, and replaced only when a person agrees."""

from typing import Any

from cli_kit import ID, Command, Looply, refusal

CALL = ("putNotificationSecret", {}, {"notification_id": ID})
MADE: dict[str, Any] = {"secret": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "former_until": 1_700_000_000_000}


def test_a_new_secret_is_shown_with_the_end_of_the_former_one(run: Command, looply: Looply) -> None:
    looply.answers["putNotificationSecret"] = MADE
    done = run("notification", "secret", ID, columns=120, stdin=b"y\n")
    assert (done.status, looply.calls) == (0, [CALL]), done.err
    assert f"Replace the secret of the notification {ID}? [y/N]" in done.err
    assert MADE["secret"] in done.out
    assert "2023-11-14 22:13:20Z" in done.out
    assert MADE["secret"] not in done.err


def test_the_first_secret_has_no_former_one(run: Command, looply: Looply) -> None:
    looply.answers["putNotificationSecret"] = {**MADE, "former_until": None}
    done = run("notification", "secret", ID, "--yes", "--json")
    assert (done.status, looply.calls) == (0, [CALL]), done.err
    assert (done.document["secret"], done.document["former_until"]) == (MADE["secret"], None)


def test_a_secret_is_replaced_only_when_a_person_agrees(run: Command, looply: Looply) -> None:
    refused = run("notification", "secret", ID, columns=120, stdin=b"n\n")
    unasked = run("notification", "secret", ID)
    assert (refused.status, "nothing was done" in refused.err) == (1, True), refused.err
    assert (unasked.status, "--yes" in unasked.err) == (2, True), unasked.err
    assert (looply.calls, refused.out, unasked.out) == ([], "", "")


def test_a_notification_whose_calls_are_not_signed_has_no_secret(run: Command, looply: Looply) -> None:
    looply.answers["putNotificationSecret"] = refusal(409, code="NOT_SIGNED", message="mails are not signed")
    done = run("notification", "secret", ID, "--yes")
    assert (done.status, "mails are not signed" in done.err, done.out) == (1, True, ""), done.err
