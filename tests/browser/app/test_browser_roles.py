"""What each role sees in the app, and that the API refuses what the app does not show."""

from typing import TYPE_CHECKING

import pytest

from browser.app.visits import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PARTS = {
    "members": ("Members", "/v2/workflows/getMembers?limit=1"),
    "keys": ("API keys", "/v2/workflows/getKeys?limit=1"),
    "audit": ("Audit", "/v2/workflows/getAudit?limit=1"),
    "organization": ("Organization", "/v2/workflows/getRoleSettings"),
}
"""A permission, the tab of its screen and a call of that screen; `organization` has no call that only reads."""
ROLES = {
    "admin": {"members", "keys", "audit"},
    "developer": set[str](),
    "operator": set[str](),
    "viewer": set[str](),
    "approver": set[str](),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_its_screens_and_the_api_refuses_the_others(browser: "Browser", owner: Visit, role: str) -> None:
    granted = ROLES[role]
    visit = Visit(browser, owner.address)
    visit.join(owner.invite(f"{role}@example.com", role), f"The {role}")
    page = visit.page
    assert page.get_by_role("link", name="Administration").count() == (1 if granted else 0)
    statuses = []
    for permission, (tab, call) in PARTS.items():
        visit.open(f"/app/admin/{permission}")
        page.get_by_role("heading", level=1).wait_for()
        assert page.get_by_role("link", name=tab, exact=True).count() == (1 if permission in granted else 0)
        if permission not in granted:
            page.get_by_text(f"You need the right “{permission}”").wait_for()
        if permission != "organization":
            status = page.evaluate("async (path) => (await fetch(path)).status", call)
            statuses.append(status)
            assert status == (200 if permission in granted else 403), permission
    if 403 in statuses:
        visit.expect("a status of 403")
    visit.close()
