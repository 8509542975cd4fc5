"""`touchPresence`: editors of the same workflow or card see each other."""

from datetime import timedelta
from typing import Any

from server_kit import COMPUTING, Caller

from looply.testing.clock import FakeClock

CARD = {"card_name": "c", "card_payload": {"type": "AdaptiveCard", "version": "1.5"}}


async def touch(caller: Caller, id_: str, tab: str = "t", **fields: Any) -> list[dict[str, Any]]:
    answer = await caller.post("touchPresence", {"kind": "workflow", "id": id_, "tab": tab, **fields})
    assert answer.status_code == 200, answer.text
    others: list[dict[str, Any]] = answer.json()["others"]
    return others


async def test_two_editors_see_each_other_until_one_leaves_or_is_silent(mine: Caller, clock: FakeClock) -> None:
    workflow_id = await mine.create(COMPUTING, is_active=False)
    second = await mine.key_with("manage")
    assert await touch(mine, workflow_id, is_dirty=True, step="note_1", version=1) == []
    (seen,) = await touch(second, workflow_id.upper())
    assert (seen["name"], seen["is_you"], seen["is_dirty"], seen["step"], seen["version"]) == (
        "all",
        False,
        True,
        "note_1",
        1,
    )
    since = seen["since"]
    clock.advance(timedelta(seconds=50))
    assert [each["name"] for each in await touch(mine, workflow_id)] == ["part"]
    (seen,) = await touch(second, workflow_id)
    assert (seen["since"], seen["is_dirty"]) == (since, False)
    assert await touch(second, workflow_id, is_leaving=True) != []
    assert await touch(mine, workflow_id) == []
    clock.advance(timedelta(seconds=61))
    assert await touch(second, workflow_id) == []


async def test_another_tab_of_the_caller_is_an_editor_too(mine: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    await touch(mine, workflow_id, "one")
    (seen,) = await touch(mine, workflow_id, "two")
    assert seen["is_you"] is True


async def test_what_is_not_there_or_of_others_is_404_also_after_it_was_deleted(mine: Caller, theirs: Caller) -> None:
    workflow_id = await mine.create(COMPUTING)
    await touch(mine, workflow_id)
    body = {"kind": "workflow", "id": workflow_id, "tab": "t"}
    assert (await theirs.post("touchPresence", body)).status_code == 404
    await mine.post("deleteWorkflow", {"workflow_id": workflow_id})
    assert (await mine.post("touchPresence", body)).status_code == 404
    assert (await mine.post("touchPresence", {**body, "tab": ""})).status_code == 400
    assert (await mine.post("touchPresence", {**body, "id": "x"})).status_code == 400
    card = (await mine.post("createCard", CARD)).json()["item"]["card_id"]
    assert (await mine.post("touchPresence", {"kind": "card", "id": card, "tab": "t"})).json()["others"] == []
