"""Invitations and links for new passwords by mail, through the mail server of the installation alone."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from mailing_kit import text_of
from people_kit import OTHER_PASSWORD, PASSWORD, Browser, join
from server_kit import Caller

from kit.servers.mail_server import Inbox
from looply.app.context.services import Services
from looply.catalog import Catalog

WITH_SERVER = pytest.mark.parametrize("own_server", [True])


def mails(inbox: Inbox) -> list[Any]:
    return [message_from_bytes(bytes(each.content or b""), policy=default) for each in inbox.mails]


async def invite(mine: Caller, *emails: str) -> list[dict[str, Any]]:
    body = {"invitations": [{"email": each, "role": "approver"} for each in emails]}
    answer = await mine.post("inviteMembers", body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@WITH_SERVER
async def test_an_invitation_is_mailed_and_its_link_shown(mine: Caller, inbox: Inbox) -> None:
    (made,) = await invite(mine, "new@example.com")
    (mail,) = mails(inbox)
    assert (made["mail"], made["mail_reason"]) == ("SENT", None)
    assert (mail["to"], mail["subject"]) == ("new@example.com", "Invitation to Mine in Looply")
    assert made["link"] in text_of(mail)
    assert made["link"] in str(mail.get_body(("html",)).get_content())


@WITH_SERVER
async def test_a_mail_that_is_not_sent_is_said_and_the_link_is_there(mine: Caller, inbox: Inbox) -> None:
    inbox.answers["a@example.com"] = "550 no such user"
    made = await invite(mine, "a@example.com", "b@example.com")
    assert [each["mail"] for each in made] == ["FAILED", "FAILED"]
    assert made[0]["mail_reason"] == "MAIL_REFUSED 550"
    assert all(each["link"] for each in made)
    assert mails(inbox) == []


@WITH_SERVER
async def test_an_invitation_that_is_sent_again_is_a_mail_of_its_own(mine: Caller, inbox: Inbox) -> None:
    (made,) = await invite(mine, "new@example.com")
    again = await mine.post("resendInvitation", {"invitation_id": made["invitation_id"]})
    (item,) = again.json()["items"]
    first, second = mails(inbox)
    assert item["mail"] == "SENT"
    assert item["link"] in text_of(second)
    assert first["message-id"] != second["message-id"]


async def test_without_a_mail_server_of_the_installation_nothing_is_mailed(mine: Caller, inbox: Inbox) -> None:
    (made,) = await invite(mine, "new@example.com")
    assert (made["mail"], bool(made["link"]), mails(inbox)) == ("OFF", True, [])


@WITH_SERVER
async def test_a_person_who_has_forgotten_the_password_gets_a_link_by_mail(
    mine: Caller, browsers: Callable[[], Browser], catalog: Catalog, services: Services, inbox: Inbox
) -> None:
    await join(browsers(), catalog, mine.organization_id, "ann@example.com", "viewer")
    page = browsers()
    known = await page.post("requestReset", {"email": "Ann@example.com"})
    unknown = await page.post("requestReset", {"email": "other@example.com"})
    assert known.json() == unknown.json()
    assert known.json()["by_mail"] is True
    await services.later.settle()
    (mail,) = mails(inbox)
    assert mail["to"] == "ann@example.com"
    found = re.search(r"/app/reset/(\S+)", text_of(mail))
    assert found is not None
    changed = await page.post("resetPassword", {"token": found[1], "password": OTHER_PASSWORD})
    assert changed.status_code == 200, changed.text
    assert (await browsers().sign_in("ann@example.com", PASSWORD)).status_code == 401
    assert (await browsers().sign_in("ann@example.com", OTHER_PASSWORD)).status_code == 200


@WITH_SERVER
async def test_a_link_that_an_administrator_makes_is_mailed_and_shown(
    mine: Caller, browsers: Callable[[], Browser], catalog: Catalog, inbox: Inbox
) -> None:
    await join(browsers(), catalog, mine.organization_id, "ann@example.com", "viewer")
    (member,) = (await mine.get("getMembers")).json()["items"]
    made = (await mine.post("createResetLink", {"user_id": member["user_id"]})).json()
    assert made["mail"] == "SENT"
    assert made["link"] in text_of(mails(inbox)[0])


async def test_without_a_mail_server_a_forgotten_password_is_a_request_to_the_administrator(
    mine: Caller, browsers: Callable[[], Browser], catalog: Catalog, services: Services, inbox: Inbox
) -> None:
    await join(browsers(), catalog, mine.organization_id, "ann@example.com", "viewer")
    answer = await browsers().post("requestReset", {"email": "ann@example.com"})
    assert answer.json()["by_mail"] is False
    await services.later.settle()
    assert mails(inbox) == []
    (member,) = (await mine.get("getMembers")).json()["items"]
    assert member["reset_requested_on"] is not None
