"""Sign-in with a password, and what the server answers when it refuses."""

import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from people_kit import COOKIE, OTHER_PASSWORD, PASSWORD, Browser
from server_kit import PUBLIC_URL, Caller
from structlog.testing import capture_logs

from looply.catalog import Catalog
from looply.catalog.people.second_factor import code_of
from looply.permissions import ROLES
from looply.testing.clock import FakeClock

REFUSED = {"code": "SIGN_IN_REFUSED", "errors": []}
MakeMember = Callable[[str], Awaitable[Browser]]


async def test_a_person_signs_in_and_reads_the_session(owner: Browser, browsers: Callable[[], Browser]) -> None:
    browser = browsers()
    answer = await browser.sign_in("OWNER@example.com.")
    assert answer.status_code == 200, answer.text
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "Path=/",
        "Max-Age=604800",
        "HttpOnly",
        "SameSite=Lax",
        "Secure",
    }
    session = (await browser.get("get")).json()
    assert session == answer.json()
    assert session["user"]["email"] == "owner@example.com"
    assert session["role"] == "owner"
    assert set(session["permissions"]) == ROLES["owner"]
    assert [each["role"] for each in session["organizations"]] == ["owner"]
    assert session["sign_in"] == {"local": True, "providers": []}


async def test_without_a_session_the_answer_is_401_with_the_means_of_sign_in(browsers: Callable[[], Browser]) -> None:
    answer = await browsers().get("get")
    assert answer.status_code == 401
    body = answer.json()
    assert body["code"] == "SIGN_IN_REQUIRED"
    assert body["sign_in"] == {"local": True, "providers": []}
    assert "csrf" not in body


async def test_every_reason_of_a_refusal_has_the_same_answer(
    owner: Browser, member: MakeMember, browsers: Callable[[], Browser]
) -> None:
    other = await member("viewer")
    user_id = (await other.get("get")).json()["user"]["user_id"]
    await owner.post("changeMember", {"user_id": user_id, "status": "DEACTIVATED"})
    wrong: list[dict[str, str]] = [
        {"email": "owner@example.com", "password": "not the password of it"},
        {"email": "owner@example.com", "password": ""},
        {"email": "owner@example.com", "password": "x" * 100_000},
        {"email": "unknown@example.com", "password": PASSWORD},
        {"email": "", "password": PASSWORD},
        {"email": "viewer@example.com", "password": PASSWORD},
    ]
    for body in wrong:
        answer = await browsers().post("signIn", body)
        assert (answer.status_code, {**answer.json(), "request_id": "", "message": ""}) == (
            401,
            {**REFUSED, "request_id": "", "message": ""},
        ), body
        assert "set-cookie" not in answer.headers
    texts = {(await browsers().post("signIn", body)).json()["message"] for body in wrong[2:4]}
    assert len(texts) == 1


async def test_the_log_line_of_a_refused_sign_in_has_the_request_id_of_its_answer(
    owner: Browser, browsers: Callable[[], Browser]
) -> None:
    assert owner.cookie
    with capture_logs() as lines:
        answer = await browsers().sign_in("owner@example.com", OTHER_PASSWORD)
    (line,) = [line for line in lines if line["event"] == "sign_in_refused"]
    assert line["request_id"] == answer.json()["request_id"]


async def test_after_five_wrong_passwords_the_account_waits(
    owner: Browser, browsers: Callable[[], Browser], clock: FakeClock
) -> None:
    for _ in range(5):
        assert (await browsers().sign_in("owner@example.com", OTHER_PASSWORD)).status_code == 401
    answer = await browsers().sign_in("owner@example.com")
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_TRIES")
    assert int(answer.headers["retry-after"]) == 15 * 60
    clock.advance(timedelta(minutes=15))
    assert (await browsers().sign_in("owner@example.com")).status_code == 200


async def test_a_right_password_takes_back_the_failed_attempts(owner: Browser, browsers: Callable[[], Browser]) -> None:
    for _ in range(3):
        for _ in range(4):
            assert (await browsers().sign_in("owner@example.com", OTHER_PASSWORD)).status_code == 401
        assert (await browsers().sign_in("owner@example.com")).status_code == 200


async def test_one_address_cannot_try_many_accounts(owner: Browser, browsers: Callable[[], Browser]) -> None:
    for number in range(20):
        assert (await browsers().sign_in(f"person{number}@example.com")).status_code == 401
    assert (await browsers().sign_in("owner@example.com")).status_code == 429


async def test_a_sign_out_ends_the_session_and_removes_the_cookie(owner: Browser) -> None:
    cookie = owner.cookie
    answer = await owner.post("signOut")
    assert answer.status_code == 200
    assert "Max-Age=0" in answer.headers["set-cookie"]
    owner.cookie = cookie
    assert (await owner.get("get")).status_code == 401


@pytest.mark.parametrize(
    ("span", "status"), [(timedelta(hours=12) - timedelta(seconds=1), 200), (timedelta(hours=12), 401)]
)
async def test_an_idle_session_ends_after_twelve_hours(
    owner: Browser, clock: FakeClock, span: timedelta, status: int
) -> None:
    clock.advance(span)
    assert (await owner.get("get")).status_code == status


async def test_a_used_session_ends_after_seven_days(owner: Browser, clock: FakeClock, catalog: Catalog) -> None:
    for _ in range(2 * 7 - 1):
        clock.advance(timedelta(hours=12) - timedelta(minutes=1))
        assert (await owner.get("get")).status_code == 200
        await catalog.people.last_uses.store()
    clock.advance(timedelta(minutes=14))
    clock.advance(timedelta(hours=12) - timedelta(minutes=1))
    assert (await owner.get("get")).status_code == 401


async def test_a_session_moves_to_another_organization_with_a_new_cookie(
    owner: Browser, theirs: Caller, catalog: Catalog
) -> None:
    made = await owner.post("createOrganization", {"name": "Second"})
    assert made.status_code == 200, made.text
    other_id = made.json()["item"]["organization_id"]
    before = owner.cookie
    chosen = await owner.post("chooseOrganization", {"organization_id": other_id})
    assert (chosen.status_code, chosen.json()["organization"]["name"]) == (200, "Second")
    assert owner.cookie != before
    assert (await owner.get("get")).json()["organization"]["id"] == other_id
    owner.cookie = before
    assert (await owner.get("get")).status_code == 401


@pytest.mark.parametrize("field", ["organization_id", "workspace_id"])
async def test_an_organization_of_others_is_not_found(owner: Browser, theirs: Caller, field: str) -> None:
    own = (await owner.get("get")).json()["organization"]["id"]
    body = {"organization_id": own, "workspace_id": theirs.workspace_id}
    if field == "organization_id":
        body = {"organization_id": theirs.organization_id}
    answer = await owner.post("chooseOrganization", body)
    assert answer.status_code == 404


async def test_dangerous_acts_need_the_password_of_the_last_ten_minutes(owner: Browser, clock: FakeClock) -> None:
    body = {"name": "SAP", "scopes": ["read"]}
    assert (await owner.post("createKey", body)).status_code == 200
    clock.advance(timedelta(minutes=10))
    answer = await owner.post("createKey", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "CONFIRM_REQUIRED")
    before = owner.cookie
    assert (await owner.post("confirm", {"password": OTHER_PASSWORD})).json()["code"] == "SIGN_IN_REFUSED"
    assert (await owner.post("confirm", {"password": PASSWORD})).status_code == 200
    assert owner.cookie != before
    assert (await owner.post("createKey", body)).status_code == 200


async def test_a_person_sees_and_ends_their_sessions(
    owner: Browser, browsers: Callable[[], Browser], member: MakeMember
) -> None:
    second = browsers()
    await second.sign_in("owner@example.com")
    items: list[dict[str, Any]] = (await owner.get("list")).json()["items"]
    assert len(items) == 2
    (other,) = [each for each in items if not each["is_current"]]
    assert other["user_agent"] == "a browser"
    viewer = await member("viewer")
    assert (await viewer.post("end", {"session_id": other["session_id"]})).status_code == 404
    assert (await owner.post("end", {"session_id": other["session_id"]})).status_code == 200
    assert (await second.get("get")).status_code == 401
    assert (await owner.get("get")).status_code == 200


async def test_a_new_password_ends_the_other_sessions(owner: Browser, browsers: Callable[[], Browser]) -> None:
    second = browsers()
    await second.sign_in("owner@example.com")
    wrong = await owner.post("changePassword", {"old": OTHER_PASSWORD, "new": OTHER_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "SIGN_IN_REFUSED")
    weak = await owner.post("changePassword", {"old": PASSWORD, "new": "password1234"})
    assert (weak.status_code, weak.json()["code"], weak.json()["errors"][0]["path"]) == (422, "WEAK_PASSWORD", "/new")
    assert (await owner.post("changePassword", {"old": PASSWORD, "new": OTHER_PASSWORD})).status_code == 200
    assert (await owner.get("get")).status_code == 200
    assert (await second.get("get")).status_code == 401
    assert (await browsers().sign_in("owner@example.com")).status_code == 401
    assert (await browsers().sign_in("owner@example.com", OTHER_PASSWORD)).status_code == 200


async def test_a_link_of_an_administrator_changes_a_password_once(
    owner: Browser, member: MakeMember, browsers: Callable[[], Browser]
) -> None:
    viewer = await member("viewer")
    assert (await browsers().post("requestReset", {"email": "Viewer@example.com"})).status_code == 200
    unknown = await browsers().post("requestReset", {"email": "unknown@example.com"})
    assert unknown.status_code == 200
    items = (await owner.get("getMembers")).json()["items"]
    (found,) = [each for each in items if each["reset_requested_on"] is not None]
    assert found["email"] == "viewer@example.com"
    made = await owner.post("createResetLink", {"user_id": found["user_id"]})
    link: str = made.json()["link"]
    assert link.startswith(f"{PUBLIC_URL}/app/reset/")
    token = link.rpartition("/")[2]
    stranger = browsers()
    assert (await stranger.post("readReset", {"token": token})).json()["email"] == "viewer@example.com"
    assert (await stranger.post("resetPassword", {"token": token, "password": "short"})).status_code == 422
    assert (await stranger.post("resetPassword", {"token": token, "password": OTHER_PASSWORD})).status_code == 200
    again = await stranger.post("resetPassword", {"token": token, "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (404, "RESET_NOT_FOUND")
    assert (await viewer.get("get")).status_code == 401
    assert (await browsers().sign_in("viewer@example.com", OTHER_PASSWORD)).status_code == 200


async def test_a_second_factor_is_needed_once_it_is_set_up(
    owner: Browser, browsers: Callable[[], Browser], clock: FakeClock
) -> None:
    started = (await owner.post("startSecondFactor")).json()
    secret = base64.b32decode(started["secret"])
    assert started["uri"].startswith("otpauth://totp/Looply:owner%40example.com?secret=")
    wrong = await owner.post("enableSecondFactor", {"secret": started["secret"], "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "WRONG_CODE")

    def code() -> str:
        return code_of(secret, int(clock.now().timestamp()) // 30)

    enabled = await owner.post("enableSecondFactor", {"secret": started["secret"], "code": code()})
    assert enabled.status_code == 200, enabled.text
    assert (await browsers().sign_in("owner@example.com")).status_code == 401
    # The code that enabled it is used up.
    assert (await browsers().sign_in("owner@example.com", code=code())).status_code == 401
    clock.advance(timedelta(seconds=30))
    assert (await browsers().sign_in("owner@example.com", code=code())).status_code == 200
    assert (await browsers().sign_in("owner@example.com", code=code())).status_code == 401
    assert (await owner.post("disableSecondFactor")).status_code == 200
    assert (await browsers().sign_in("owner@example.com")).status_code == 200


async def test_a_sign_in_never_continues_the_session_that_a_browser_brings(
    owner: Browser, member: MakeMember, browsers: Callable[[], Browser]
) -> None:
    """Otherwise a cookie that an attacker has planted would be signed in with the person."""
    await member("viewer")
    for planted in (owner.cookie, f"{COOKIE}={'x' * 43}"):
        browser = browsers()
        browser.cookie = planted
        assert (await browser.sign_in("viewer@example.com")).status_code == 200
        assert browser.cookie != planted
        assert (await browser.get("get")).json()["user"]["email"] == "viewer@example.com"
    assert (await owner.get("get")).json()["user"]["email"] == "owner@example.com"
