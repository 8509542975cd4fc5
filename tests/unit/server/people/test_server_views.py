"""`getViews`, `putView` and `deleteView`: views of a page, own and shared."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from people_kit import Browser

MakeMember = Callable[[str], Awaitable[Browser]]
VIEW = {"page": "executions", "name": "Stopped", "query": "has=incident"}


async def put(browser: Browser, **fields: Any) -> dict[str, Any]:
    answer = await browser.post("putView", {**VIEW, **fields})
    assert answer.status_code == 200, answer.text
    item: dict[str, Any] = answer.json()["item"]
    return item


async def read(browser: Browser) -> list[dict[str, Any]]:
    answer = await browser.get("getViews", page="executions")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_view_is_stored_changed_and_deleted(member: MakeMember) -> None:
    viewer = await member("viewer")
    made = await put(viewer)
    assert (made["name"], made["is_mine"], made["can_change"], made["is_shared"]) == ("Stopped", True, True, False)
    assert made["created_by_name"] == "The viewer"
    key = {"view_id": made["view_id"], "modified_on": made["modified_on"]}
    changed = await put(viewer, **key, query="status=FAILED", name="Failed")
    assert await read(viewer) == [changed]
    assert changed["query"] == "status=FAILED"
    answer = await viewer.post("deleteView", {"view_id": made["view_id"], "modified_on": changed["modified_on"]})
    assert answer.status_code == 200, answer.text
    assert await read(viewer) == []


async def test_a_change_of_what_another_has_changed_is_409_with_the_instant_of_that_change(
    member: MakeMember, owner: Browser
) -> None:
    operator = await member("operator")
    made = await put(operator, is_shared=True)
    (seen,) = await read(owner)
    assert (seen["is_mine"], seen["can_change"], seen["created_by_name"]) == (False, True, "The operator")
    key = {"view_id": made["view_id"], "modified_on": made["modified_on"], "is_shared": True}
    changed = await put(owner, **key, query="status=FAILED")
    assert changed["modified_by_name"] == "The owner"
    answer = await operator.post("putView", {**VIEW, **key})
    assert (answer.status_code, answer.json()["code"]) == (409, "STALE")
    assert answer.json()["modified_on"] == changed["modified_on"]
    await put(operator, **{**key, "modified_on": answer.json()["modified_on"]})


async def test_a_shared_view_of_another_is_read_only_without_the_right_to_manage_members(
    member: MakeMember, owner: Browser
) -> None:
    made = await put(owner, is_shared=True)
    viewer = await member("viewer")
    (seen,) = await read(viewer)
    assert (seen["is_mine"], seen["can_change"]) == (False, False)
    answer = await viewer.post("deleteView", {"view_id": made["view_id"], "modified_on": made["modified_on"]})
    assert (answer.status_code, answer.json()["permission"]) == (403, "members")


async def test_who_may_not_see_the_page_has_no_views_of_it(member: MakeMember, owner: Browser) -> None:
    await put(owner, is_shared=True)
    approver = await member("approver")
    for answer in (await approver.get("getViews", page="executions"), await approver.post("putView", VIEW)):
        assert (answer.status_code, answer.json()["permission"]) == (403, "read.executions")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**VIEW, "page": "nowhere"}, 400, "BAD_BODY"),
        ({**VIEW, "name": " "}, 422, "INVALID_NAME"),
        ({**VIEW, "query": "a" * 4001}, 422, "BAD_VIEW"),
        ({**VIEW, "view_id": "01900000-0000-7000-8000-0000000000ff"}, 400, "BAD_BODY"),
        ({**VIEW, "view_id": "01900000-0000-7000-8000-0000000000ff", "modified_on": 1}, 404, "VIEW_NOT_FOUND"),
        ({**VIEW, "view_id": "x", "modified_on": 1}, 400, "INCORRECT_VIEW_ID"),
    ],
)
async def test_what_is_no_view_is_refused(owner: Browser, body: dict[str, Any], status: int, code: str) -> None:
    answer = await owner.post("putView", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await read(owner) == []


async def test_an_unknown_page_has_no_views(owner: Browser) -> None:
    answer = await owner.get("getViews", page="nowhere")
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_FILTER")
