"""What an answer by a link needs beside the link: nothing, a code that is mailed to the recipient, or a session."""

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from mailing_kit import Post, text_of
from server_kit import Caller

SCANNERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "WhatsApp/2.23",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 10.0) BarracudaCentral",
    "Mozilla/5.0 Proofpoint URL Defense",
    "LinkedInBot/1.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0 Safari/537.36 BingPreview/1.0b",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Microsoft Defender SafeLinks",
    "Mozilla/5.0 (compatible; Mimecast URL Protect)",
)


async def decide(post: Post, token: str, **more: Any) -> httpx2.Response:
    body = {"data": {"action": "approve"}, **more}
    return await post.caller.client.post(f"/v2/inbox/{token}", json=body)


async def ask_code(post: Post, token: str) -> tuple[str, str]:
    """Has a code sent, and returns the challenge and the code of the mail."""
    sent = await post.caller.client.post(f"/v2/inboxCode/{token}", json={})
    assert sent.status_code == 200, sent.text
    mail = post.mails()[-1]
    found = re.search(r"\b\d{6}\b", text_of(mail))
    assert found is not None
    assert (mail["to"], mail["subject"]) == ("ann@example.com", f"{found[0]} is your code for Looply")
    return sent.json()["challenge"], found[0]


async def ask(post: Post, confirm: str, **settings: Any) -> tuple[tuple[str, str], str]:
    started = await post.ask(confirm=confirm, **settings)
    return started, (await post.open_card())["token"]


async def test_an_answer_needs_the_code_that_the_recipient_gets_by_mail(post: Post, mine: Caller) -> None:
    started, token = await ask(post, "code")
    shown = (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]
    assert shown["confirm"] == "code"
    refused = await decide(post, token)
    assert (refused.status_code, refused.json()["code"]) == (409, "CODE_NEEDED")
    challenge, code = await ask_code(post, token)
    assert code not in challenge
    answered = await decide(post, token, challenge=challenge, code=code)
    assert (answered.status_code, answered.json()["message"]) == (200, "recorded")
    assert (await mine.item(*started))["status"] == "COMPLETED"


async def test_a_code_is_tried_a_few_times_only_and_the_right_one_does_not_help_then(post: Post) -> None:
    _, token = await ask(post, "code")
    challenge, code = await ask_code(post, token)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        refused = await decide(post, token, challenge=challenge, code=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "CODE_WRONG")
    refused = await decide(post, token, challenge=challenge, code=code)
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_TRIES")
    assert (await post.open_card())["status"] == "OPEN"


async def test_an_answer_whose_code_is_not_compared_takes_no_tries_back(post: Post) -> None:
    _, token = await ask(post, "code")
    challenge, code = await ask_code(post, token)
    for _ in range(5):
        refused = await decide(post, token, challenge=challenge, code=code, card_revision=9)
        assert (refused.status_code, refused.json()["code"]) == (409, "CARD_CHANGED")
    refused = await decide(post, token, challenge=challenge, code=code)
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_TRIES")


async def test_a_right_code_takes_the_tries_back_although_the_answer_is_unfit(post: Post) -> None:
    _, token = await ask(post, "code")
    challenge, code = await ask_code(post, token)
    for _ in range(6):
        refused = await decide(post, token, challenge=challenge, code=code, data={"action": "perhaps"})
        assert (refused.status_code, refused.json()["code"]) == (422, "PAYLOAD_REFUSED")
    assert (await decide(post, token, challenge=challenge, code=code)).json()["message"] == "recorded"


async def test_a_code_expires(post: Post) -> None:
    _, token = await ask(post, "code")
    challenge, code = await ask_code(post, token)
    post.clock.advance(timedelta(minutes=10))
    refused = await decide(post, token, challenge=challenge, code=code)
    assert (refused.status_code, refused.json()["code"]) == (422, "CODE_EXPIRED")


@pytest.mark.parametrize("challenge", ["", "x", "AAAAAAAAAAAAAAAA", "é", "A" * 60])
async def test_a_challenge_that_this_server_did_not_make_has_no_code(post: Post, challenge: str) -> None:
    _, token = await ask(post, "code")
    refused = await decide(post, token, challenge=challenge, code="123456")
    assert (refused.status_code, refused.json()["code"]) == (422, "CODE_EXPIRED")


async def test_the_code_of_another_card_does_not_do(post: Post, mine: Caller) -> None:
    await post.ask("ann@example.com", "bob@example.com", confirm="code")
    cards = {each["recipient"]: each["token"] for each in (await mine.get("getOpenCards")).json()["items"]}
    challenge, code = await ask_code(post, cards["ann@example.com"])
    refused = await decide(post, cards["bob@example.com"], challenge=challenge, code=code)
    assert (refused.status_code, refused.json()["code"]) == (422, "CODE_EXPIRED")


async def test_only_some_codes_are_mailed(post: Post) -> None:
    _, token = await ask(post, "code")
    for _ in range(5):
        await ask_code(post, token)
    refused = await post.caller.client.post(f"/v2/inboxCode/{token}", json={})
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_TRIES")
    assert refused.json()["message"] == "too many codes were sent for this request; repeat in 15 min"
    assert len(post.mails()) == 6


async def test_a_code_that_cannot_be_sent_is_said(post: Post) -> None:
    _, token = await ask(post, "code")
    post.inbox.answers["ann@example.com"] = "550 no such user"
    refused = await post.caller.client.post(f"/v2/inboxCode/{token}", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "CODE_NOT_SENT")
    assert "MAIL_REFUSED 550" in refused.json()["message"]


async def test_a_card_that_needs_no_code_gets_none(post: Post) -> None:
    _, token = await ask(post, "link")
    refused = await post.caller.client.post(f"/v2/inboxCode/{token}", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "CODE_NOT_NEEDED")


async def test_what_confirms_goes_with_the_card_to_another_person(post: Post, mine: Caller) -> None:
    await ask(post, "code")
    card = await post.open_card()
    passed = await mine.post("reassignCard", {"card_id": card["card_id"], "to": "bob@example.com"})
    refused = await decide(post, passed.json()["token"])
    assert (refused.status_code, refused.json()["code"]) == (409, "CODE_NEEDED")


async def test_a_link_does_not_answer_where_the_recipient_must_sign_in(post: Post, mine: Caller) -> None:
    started, token = await ask(post, "sign_in")
    refused = await decide(post, token)
    assert (refused.status_code, refused.json()["code"]) == (409, "SIGN_IN_NEEDED")
    assert (await mine.item(*started))["status"] == "WAITING"
    shown = (await mine.client.get(f"/v2/inbox/{token}")).json()["item"]
    own_id = f"{started[1]}:{(await post.open_card())['card_id']}"
    assert (shown["confirm"], shown["card_id"]) == ("sign_in", own_id), "the id that the own inbox knows"


@pytest.mark.parametrize("agent", SCANNERS)
async def test_a_program_that_says_that_it_previews_or_scans_links_decides_nothing(
    post: Post, mine: Caller, agent: str
) -> None:
    started, token = await ask(post, "link")
    headers = {"user-agent": agent}
    opened = await mine.client.get(f"/v2/inbox/{token}", headers=headers)
    assert opened.status_code == 200
    refused = await mine.client.post(f"/v2/inbox/{token}", json={"data": {"action": "approve"}}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NOT_A_PERSON")
    assert (await mine.item(*started))["status"] == "WAITING"
