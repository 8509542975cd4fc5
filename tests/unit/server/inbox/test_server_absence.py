"""Absence: a person names a substitute, who gets what is open and what comes, and no circle closes."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from people_kit import Browser
from server_kit import Caller, definition

from looply.app.context.services import Services
from looply.app.inbox.absence_runner import AbsenceRunner
from looply.instants import to_ms
from looply.testing.clock import FakeClock

ANN, BOB, CY = "ann@example.com", "bob@example.com", "cy@example.com"
DAY = timedelta(days=1)
OTHER = "01900000-0000-7000-8000-0000000000ff"


def approval(**settings: Any) -> dict[str, Any]:
    return definition(
        {"id": "approval_1", "type": "approval", "settings": {"recipients": [ANN], **settings}}, name="Orders"
    )


@pytest.fixture
def runner(services: Services) -> AbsenceRunner:
    return AbsenceRunner(services)


async def leave(person: Browser | Caller, clock: FakeClock, substitute: str, **fields: Any) -> httpx2.Response:
    now = to_ms(clock.now())
    body = {"from": now, "to": now + to_ms_span(7), "substitute": substitute, **fields}
    return await person.post("putAbsence", body)


def to_ms_span(days: float) -> int:
    return int(days * 86_400_000)


async def open_for(person: Browser, **query: str) -> list[tuple[str, str | None]]:
    items = (await person.get("getMyCards", **query)).json()["items"]
    return [(item["workflow_execution_id"], item["is_substitute_for"]) for item in items]


async def test_an_absence_is_read_as_it_was_stored_and_the_substitute_reads_whose_it_is(
    sign_in: Any, clock: FakeClock
) -> None:
    stored = await leave(sign_in(ANN), clock, f" {BOB} ", note="on leave", scope=[OTHER])
    assert stored.status_code == 200, stored.text
    now = to_ms(clock.now())
    item = {"from": now, "to": now + to_ms_span(7), "substitute": BOB, "scope": [OTHER], "note": "on leave"}
    assert stored.json() == {"message": "stored", "item": item}
    mine = (await sign_in("ANN@example.com").get("getAbsence")).json()
    assert mine == {
        "message": "success",
        "item": item,
        "is_active": True,
        "workflow_names": {},
        "substitute_for": [],
    }
    theirs = (await sign_in(BOB).get("getAbsence")).json()
    assert (theirs["item"], theirs["is_active"]) == (None, False)
    assert theirs["substitute_for"] == [{"person": ANN, "to": now + to_ms_span(7), "scope": [OTHER]}]


async def test_the_workflows_of_a_scope_have_names_as_long_as_they_exist(
    mine: Caller, sign_in: Any, clock: FakeClock
) -> None:
    workflow_id = await mine.create(approval())
    await leave(sign_in(ANN), clock, BOB, scope=[workflow_id, OTHER])
    found = (await sign_in(ANN).get("getAbsence")).json()
    assert found["item"]["scope"] == [workflow_id, OTHER]
    assert found["workflow_names"] == {workflow_id: approval()["workflow_name"]}


async def test_what_is_open_and_what_is_sent_goes_to_the_substitute_and_stays_after_the_end(
    mine: Caller, sign_in: Any, clock: FakeClock, runner: AbsenceRunner
) -> None:
    workflow_id = await mine.create(approval())
    before = await mine.trigger(workflow_id)
    await leave(sign_in(ANN), clock, BOB)
    during = await mine.trigger(workflow_id)
    assert await open_for(sign_in(BOB)) == [(during, ANN)]
    assert await runner.tick() == 1
    assert sorted(await open_for(sign_in(BOB))) == [(before, ANN), (during, ANN)]
    assert await open_for(sign_in(ANN)) == []
    assert await runner.tick() == 0
    clock.advance(8 * DAY)
    after = await mine.trigger(workflow_id)
    assert await runner.tick() == 0
    assert await open_for(sign_in(ANN)) == [(after, None)]
    assert len(await open_for(sign_in(BOB))) == 2


async def test_a_list_is_limited_to_what_the_caller_has_for_one_absent_person(
    mine: Caller, sign_in: Any, clock: FakeClock
) -> None:
    own = await mine.trigger(await mine.create(approval(recipients=[BOB])))
    await leave(sign_in(ANN), clock, BOB)
    for_ann = await mine.trigger(await mine.create(approval()))
    bob = sign_in(BOB)
    assert sorted(await open_for(bob)) == sorted([(own, None), (for_ann, ANN)])
    for spelling in (ANN, "ANN@example.com"):
        assert await open_for(bob, substitute_for=spelling) == [(for_ann, ANN)]
    assert await open_for(bob, substitute_for=CY) == []


async def test_the_absent_person_reads_who_decides_instead_and_the_decision_says_for_whom(
    mine: Caller, sign_in: Any, clock: FakeClock, runner: AbsenceRunner
) -> None:
    execution_id = await mine.trigger(await mine.create(approval()))
    (hers,) = (await sign_in(ANN).get("getMyCards")).json()["items"]
    await leave(sign_in(ANN), clock, BOB)
    await runner.tick()
    shown = (await sign_in(ANN).get("getMyCard", card_id=hers["card_id"])).json()["item"]
    assert (shown["status"], shown["closed_reason"], shown["passed_to"]) == ("CLOSED", "ABSENT", BOB)
    assert shown["closed_text"] == f"{ANN} is absent; {BOB} decides instead"
    (card,) = (await sign_in(BOB).get("getMyCards")).json()["items"]
    answer = {"card_id": card["card_id"], "revision": 1, "data": {"action": "approve"}}
    assert (await sign_in(BOB).post("answerCards", {"answers": [answer]})).json()["items"][0]["result"] == "recorded"
    (decision,) = (await mine.get("getDecisions", workflow_execution_id=execution_id)).json()["items"]
    assert (decision["user"], decision["substitute_for"]) == (BOB, ANN)
    (row,) = (await sign_in(BOB).get("getMyDecisions")).json()["items"]
    assert row["substitute_for"] == ANN


async def test_a_new_absence_begins_in_the_next_round_and_others_wait_for_their_begin(
    mine: Caller, sign_in: Any, clock: FakeClock, runner: AbsenceRunner
) -> None:
    execution_id = await mine.trigger(await mine.create(approval()))
    begin = to_ms(clock.now()) + to_ms_span(1)
    await leave(sign_in(ANN), clock, BOB, **{"from": begin})
    assert runner._signal.is_set()
    assert await runner.tick() == 0
    clock.advance(DAY)
    assert await runner.tick() == 1
    assert await open_for(sign_in(BOB)) == [(execution_id, ANN)]


async def test_a_card_that_its_substitute_may_not_take_stays_and_is_tried_again_later(
    mine: Caller, sign_in: Any, clock: FakeClock, runner: AbsenceRunner
) -> None:
    await mine.trigger(await mine.create(approval(requester="${payload.output.buyer}")), {"buyer": BOB})
    await leave(sign_in(ANN), clock, BOB)
    for _ in range(2):
        assert await runner.tick() == 0
    assert len(await open_for(sign_in(ANN))) == 1
    await leave(sign_in(ANN), clock, CY)
    clock.advance(timedelta(minutes=10))
    assert await runner.tick() == 1
    assert len(await open_for(sign_in(CY))) == 1


async def test_circles_are_refused_in_words(sign_in: Any, clock: FakeClock) -> None:
    assert (await leave(sign_in(ANN), clock, BOB)).status_code == 200
    assert (await leave(sign_in(BOB), clock, CY)).status_code == 200
    refused = await leave(sign_in(CY), clock, "Ann <ANN@example.com>")
    assert (refused.status_code, refused.json()["code"]) == (422, "ABSENCE_REFUSED")
    assert f"{CY} -> Ann <ANN@example.com> -> {BOB} -> {CY}" in refused.json()["message"]
    own = await leave(sign_in(CY), clock, "CY@example.com")
    assert (own.status_code, own.json()["errors"][0]["path"]) == (422, "/substitute")
    later = to_ms(clock.now()) + to_ms_span(7)
    assert (await leave(sign_in(CY), clock, ANN, **{"from": later, "to": later + 1000})).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "path"),
    [
        ({"to": 0}, 422, "/to"),
        ({"from": 1000, "to": 2000}, 422, "/to"),
        ({"to": 253_402_300_799_999}, 422, "/to"),
        ({"substitute": ""}, 400, "/substitute"),
        ({"substitute": "a\nb"}, 400, "/substitute"),
        ({"note": "x" * 501}, 400, "/note"),
        ({"scope": [OTHER] * 101}, 400, "/scope"),
    ],
)
async def test_a_bad_absence_is_refused_and_stores_nothing(
    sign_in: Any, clock: FakeClock, fields: dict[str, Any], status: int, path: str
) -> None:
    refused = await leave(sign_in(ANN), clock, **{"substitute": BOB, **fields})
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (status, path)
    assert (await sign_in(ANN).get("getAbsence")).json()["item"] is None


@pytest.mark.parametrize("body", [{"from": -1, "to": 5}, {"from": 1, "to": "x"}, {"from": 1}, {"scope": ["x"]}])
async def test_a_malformed_absence_is_400(sign_in: Any, clock: FakeClock, body: dict[str, Any]) -> None:
    facts = {"from": 1, "to": to_ms(clock.now()) + 1000, "substitute": BOB}
    sent = {**facts, **body} if "scope" in body or "to" in body else {"from": 1, "substitute": BOB}
    answer = await sign_in(ANN).post("putAbsence", sent)
    assert answer.status_code == 400, answer.text


async def test_an_absence_is_removed_once_and_ended_ones_go_after_a_month(
    sign_in: Any, clock: FakeClock, runner: AbsenceRunner
) -> None:
    await leave(sign_in(ANN), clock, BOB)
    for was_stored in (True, False):
        answer = (await sign_in(ANN).post("deleteAbsence", {})).json()
        assert answer == {"message": "deleted", "was_stored": was_stored}
    await leave(sign_in(ANN), clock, BOB)
    clock.advance(36 * DAY)
    await runner.tick()
    assert (await sign_in(ANN).get("getAbsence")).json()["item"] is not None
    clock.advance(2 * DAY)
    await runner.tick()
    assert (await sign_in(ANN).get("getAbsence")).json()["item"] is None


async def test_a_key_has_no_absence_and_organizations_are_apart(
    mine: Caller, theirs: Caller, sign_in: Any, clock: FakeClock
) -> None:
    assert (await leave(mine, clock, BOB)).status_code == 403
    await leave(sign_in(ANN), clock, BOB)
    await theirs.trigger(await theirs.create(approval()))
    assert len(await open_for(sign_in(ANN, theirs))) == 1
    assert (await sign_in(ANN, theirs).get("getAbsence")).json()["item"] is None
