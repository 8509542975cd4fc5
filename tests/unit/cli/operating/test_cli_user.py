"""`looply user` against a server, and on the store itself."""

import re
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Command, Looply, refusal

USER = "01900000-0000-7000-8000-0000000000aa"
MEMBER: dict[str, Any] = {
    "member_id": USER,
    "user_id": USER,
    "invitation_id": None,
    "name": "The buyer",
    "email": "buyer@example.com",
    "role": "operator",
    "status": "ACTIVE",
    "sign_in": "local",
    "groups": [],
    "created_on": 1_700_000_000_000,
    "last_seen_on": None,
    "reset_requested_on": None,
    "expires_on": None,
}
INVITATION = {**MEMBER, "member_id": "i-1", "user_id": None, "invitation_id": "i-1", "status": "INVITED"}


def test_a_person_is_invited_and_the_link_is_shown(run: Command, looply: Looply) -> None:
    link = "https://looply.example/app/invitation/token"
    mailed = {"expires_on": 1_700_000_000_000, "mail": "SENT", "mail_reason": ""}
    looply.answers["inviteMembers"] = {"items": [{**INVITATION, **mailed, "link": link}]}
    done = run("user", "invite", "buyer@example.com", "--role", "operator")
    assert link in done.out
    assert "sent" in done.out
    assert "works once" in done.err
    body = {"invitations": [{"email": "buyer@example.com", "role": "operator"}]}
    assert looply.calls == [("inviteMembers", {}, body)]


def test_an_unknown_role_is_wrong_usage(run: Command) -> None:
    assert run("user", "invite", "buyer@example.com", "--role", "king").status == 2


def test_people_are_listed(run: Command, looply: Looply) -> None:
    looply.answers["getMembers"] = {"items": [INVITATION, MEMBER]}
    out = run("user", "list").out
    assert ("INVITED" in out, "The buyer" in out) == (True, True)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        (("role", "Buyer@Example.com", "viewer"), {"role": "viewer"}),
        (("deactivate", "buyer@example.com"), {"status": "DEACTIVATED"}),
        (("activate", USER), {"status": "ACTIVE"}),
    ],
)
def test_a_member_is_changed_by_address_or_id(
    run: Command, looply: Looply, words: tuple[str, ...], change: dict[str, str]
) -> None:
    looply.answers["getMembers"] = {"items": [INVITATION, MEMBER]}
    looply.answers["changeMember"] = {"item": MEMBER}
    assert run("user", *words).status == 0
    assert looply.calls[-1] == ("changeMember", {}, {"user_id": USER, **change})


def test_a_link_for_a_new_password_is_shown(run: Command, looply: Looply) -> None:
    looply.answers["createResetLink"] = {
        "link": "https://looply.example/app/reset/token",
        "expires_on": 1_700_000_000_000,
    }
    done = run("user", "reset-link", USER, "--removes-second-factor")
    assert "/app/reset/token" in done.out
    assert looply.calls == [("createResetLink", {}, {"user_id": USER, "removes_second_factor": True})]


def test_an_unknown_address_and_a_refusal_are_errors(run: Command, looply: Looply) -> None:
    looply.answers["getMembers"] = {"items": [MEMBER]}
    looply.answers["changeMember"] = refusal(409, message="the last owner", code="LAST_OWNER")
    assert run("user", "deactivate", "other@example.com", "--json").document["code"] == "MEMBER_NOT_FOUND"
    assert run("user", "deactivate", "buyer@example.com", "--json").document["code"] == "LAST_OWNER"


def test_people_are_invited_on_the_store_itself(run: Command, tmp_path: Path) -> None:
    folder = ("--data", str(tmp_path / "data"))
    assert run("init", *folder).status == 0
    made = run("user", "invite", "owner@example.com", "--role", "owner", *folder, "--json").document
    assert re.fullmatch(r"http://127\.0\.0\.1:8080/app/invitation/[\w-]{43}", made["link"])
    items = run("user", "list", *folder, "--json").document["items"]
    assert [(each["email"], each["status"], each["role"]) for each in items] == [
        ("owner@example.com", "INVITED", "owner"),
        ("", "INVITED", "owner"),
    ]
    for words in (("deactivate", "owner@example.com"), ("reset-link", "owner@example.com"), ("role", USER, "viewer")):
        assert run("user", *words, *folder, "--json").document["code"] == "MEMBER_NOT_FOUND"
