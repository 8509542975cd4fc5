"""For every route and every role the server permits or refuses what the table of permissions says."""

from collections.abc import Awaitable, Callable

import pytest
from people_kit import Browser
from server_kit import Caller

from looply.permissions import BY_SETTING, PERMISSIONS, ROLES, Role, permissions_of_role
from looply.server.http.boundary import Boundary
from looply.server.http.call import Route

MakeMember = Callable[[str], Awaitable[Browser]]
OUT_OF_SCOPE = {"message": "Forbidden", "code": "SCOPE"}
NOWHERE = "01900000-0000-7000-8000-0000000000ff"


def url_of(route: Route) -> str:
    path = route.path
    for name in route.path_values:
        path = path.replace(f"{{{name}}}", NOWHERE)
    return path


async def refuses(browser: Browser, route: Route) -> bool:
    """Returns whether the server refuses a call for the role of the person, before it reads anything else of it."""
    # A stream that cannot begin where it is asked to ends at once.
    headers = browser.headers({"last-event-id": "nowhere"})
    content = {"json": {}} if route.method == "POST" else {}
    answer = await browser.client.request(route.method, url_of(route), headers=headers, **content)
    if answer.status_code in (401, 403):
        assert answer.json() == {**OUT_OF_SCOPE, "permission": route.access}, (route.path, answer.text)
        return True
    return False


@pytest.mark.parametrize("has_settings", [False, True], ids=["no settings", "all settings"])
@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_call_what_the_table_says_and_nothing_else(
    app: Boundary, mine: Caller, member: MakeMember, owner: Browser, role: Role, has_settings: bool
) -> None:
    settings = dict.fromkeys(BY_SETTING, has_settings)
    assert (await owner.post("putRoleSettings", settings)).status_code == 200
    browser = owner if role == "owner" else await member(role)
    allowed = permissions_of_role(role, [*BY_SETTING] if has_settings else [])
    wrong = []
    for route in app.routes:
        if route.access in ("public", "metrics") or route.path.endswith("/signOut"):
            continue
        if await refuses(browser, route) == (route.access in allowed):
            wrong.append(f"{route.method} {route.path}")
    assert wrong == []
    assert set((await browser.get("get")).json()["permissions"]) == allowed


def test_every_permission_has_a_role_and_the_owner_has_all() -> None:
    assert ROLES["owner"] == PERMISSIONS.keys()
    assert all(ROLES["approver"] <= permissions for permissions in ROLES.values())


def test_a_role_that_may_do_more_by_a_setting_may_not_do_it_without() -> None:
    assert BY_SETTING == {
        "viewers_read_payloads": ("viewer", "read.payloads"),
        "developers_repair": ("developer", "repair"),
        "developers_activate": ("developer", "activate"),
    }
    assert all(permission not in ROLES[role] for role, permission in BY_SETTING.values())


async def test_the_table_is_read_with_roles_and_scopes(owner: Browser) -> None:
    answer = (await owner.get("getPermissions")).json()
    rows = {item["permission"]: item for item in answer["items"]}
    assert [*rows] == [*PERMISSIONS]
    assert rows["keys"]["roles"] == ["owner", "admin"]
    assert rows["keys"]["scopes"] == ["admin"]
    assert rows["read.payloads"]["roles_by_setting"] == [{"role": "viewer", "setting": "viewers_read_payloads"}]
    assert set(answer["own"]) == ROLES["owner"]


async def test_a_route_without_a_permission_cannot_be_served(app: Boundary) -> None:
    known = PERMISSIONS.keys() | {"public", "metrics"}
    assert [route.path for route in app.routes if route.access not in known] == []


async def test_a_setting_changes_open_sessions_at_once(owner: Browser, member: MakeMember) -> None:
    viewer = await member("viewer")
    assert (await viewer.get("getLetters")).status_code == 403
    settings = dict.fromkeys(BY_SETTING, False)
    assert (await owner.post("putRoleSettings", settings | {"viewers_read_payloads": True})).status_code == 200
    assert (await viewer.get("getLetters")).status_code == 200
    assert (await owner.post("putRoleSettings", settings)).status_code == 200
    assert (await viewer.get("getLetters")).status_code == 403
