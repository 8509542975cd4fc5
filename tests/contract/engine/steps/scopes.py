"""Branches side by side and items one by one: what meets, what is given up, and what each of them sees."""

from datetime import timedelta

import pytest

from kit.definitions import (
    call,
    card,
    chain,
    delay,
    for_each,
    graph,
    join,
    note,
    parallel,
    repeating,
    side_by_side,
    stop,
    wait,
)
from kit.driver import Driver
from looply.definition import START
from looply.errors import Rejected
from looply.execution.facts.commands import AlreadyReleased, Declined, Released, Terminated
from looply.execution.facts.events import Cancelled, CardClosed, Discarded, IncidentOpened, ScopeClosed
from looply.execution.facts.state import cards_of
from looply.testing.world import HANG, Answer

ITEM_CALL = call("call_1", body={"item": "${item}", "index": "${index}"})


class ParallelStories:
    """`parallel` and `join`: all, any, some; and what becomes of those that come too late."""

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)], ids=lambda order: "".join(map(str, order)))
    async def test_all_branches_meet_in_whatever_order_their_calls_end(
        self, engine: Driver, order: tuple[int, ...]
    ) -> None:
        names = ("a", "b", "c")
        for name in names:
            engine.world.always(name, HANG)
        execution_id = await engine.trigger(side_by_side(*(call(name) for name in names)))
        calls = [await engine.world.wait_for_call(name) for name in names]
        assert [each.key for each in calls] == [f"{execution_id}:split[{name}]/{name}:1" for name in names]
        for number in order:
            assert await engine.status(execution_id) == "RUNNING"
            calls[number].release(Answer(data={"n": number}))
            await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == ("COMPLETED", [names[number] for number in order])
        assert [state.outputs[name]["data"]["n"] for name in names] == [0, 1, 2]

    async def test_the_losers_of_any_are_given_up_in_flight_and_waiting_and_their_cards_are_closed(
        self, engine: Driver
    ) -> None:
        engine.world.always("slow", HANG)
        workflow = side_by_side(wait("asked"), call("slow"), card("shown"), delay("later"), count="any")
        execution_id = await engine.trigger(workflow)
        slow = await engine.world.wait_for_call("slow")
        state = await engine.state(execution_id)
        assert (state.status, state.current_state) == ("RUNNING", "wait_for_response_state,slow,later")
        assert await engine.resume(execution_id, {"n": 1}, state="asked") == Released()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == ("COMPLETED", ["asked"])
        assert [event.reason for event in await engine.events(execution_id, CardClosed)] == ["CANCELLED"]
        assert {shown.status for shown in cards_of(state, "split[shown]/shown:1")} == {"CANCELLED"}
        (given_up,) = await engine.events(execution_id, Cancelled)
        assert given_up.scopes == ("split[slow]", "split[shown]", "split[later]")
        slow.release(Answer(data={"n": 1}))
        await engine.advance(timedelta(hours=2))
        (late,) = await engine.events(execution_id, Discarded)
        assert late.address.text == "split[slow]/slow:1"
        assert "slow" not in (await engine.state(execution_id)).outputs

    async def test_a_call_that_is_cancelled_while_it_is_queued_is_not_made(self, engine: Driver) -> None:
        engine.world.always("busy", HANG)
        crowd = [await engine.trigger(chain(call("busy"), note())) for _ in range(engine.per_queue)]
        await engine.world.wait_for_call("busy", len(crowd))
        execution_id = await engine.trigger(side_by_side(wait("asked"), call("slow"), count="any"))
        await engine.settle()
        assert await engine.resume(execution_id) == Released()
        for each in engine.world.open_calls():
            each.release()
        await engine.settle()
        assert (await engine.state(execution_id)).payload["last"] == ["asked"]
        assert not engine.world.calls_of("slow")

    async def test_two_winners_in_one_unit_are_one_winner(self, engine: Driver) -> None:
        for name in ("a", "b"):
            engine.world.always(name, HANG)
        execution_id = await engine.trigger(side_by_side(call("a"), call("b"), count="any"))
        calls = [await engine.world.wait_for_call(name) for name in ("a", "b")]
        engine.faults.hold()
        for each in calls:
            each.release(Answer())
        await engine.faults.holding(1)
        engine.faults.let_go()
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, len(state.payload["last"])) == ("COMPLETED", 1)
        assert len(await engine.events(execution_id, ScopeClosed)) == 1
        assert len(await engine.events(execution_id, Discarded)) == 1

    async def test_two_of_three_are_enough_and_the_third_is_given_up(self, engine: Driver) -> None:
        execution_id = await engine.trigger(side_by_side(wait("a"), wait("b"), wait("c"), count=2))
        declined = await engine.resume(execution_id)
        assert isinstance(declined, Declined)
        assert (declined.code, declined.states) == ("AMBIGUOUS", ("a", "b", "c"))
        assert await engine.resume(execution_id, {"n": 1}, state="c") == Released()
        assert await engine.status(execution_id) == "WAITING"
        assert await engine.resume(execution_id, {"n": 2}, state="a") == Released()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == ("COMPLETED", ["c", "a"])
        assert isinstance(await engine.resume(execution_id, {"n": 2}), AlreadyReleased)

    async def test_a_branch_that_fails_freezes_the_others_whose_results_are_kept(self, engine: Driver) -> None:
        for name in ("slow", "bad"):
            engine.world.always(name, HANG)
        execution_id = await engine.trigger(side_by_side(call("slow"), wait("asked"), call("bad")))
        # Both are out before one of them fails: what has not left by then stays.
        slow, bad = [await engine.world.wait_for_call(name) for name in ("slow", "bad")]
        bad.release(Rejected("no"))
        await engine.settle()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.address.text == "split[bad]/bad:1"
        declined = await engine.resume(execution_id)
        assert isinstance(declined, Declined)
        assert declined.code == "FAILED"
        slow.release(Answer(data={"n": 7}))
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.outputs["slow"]["data"]) == ("FAILED", {"n": 7})
        assert not await engine.events(execution_id, ScopeClosed)
        assert await engine.terminate(execution_id) == Terminated()
        assert await engine.status(execution_id) == "TERMINATED"

    async def test_a_branch_that_fails_at_once_lets_no_call_of_the_others_leave(self, engine: Driver) -> None:
        broken = note("broken", "${int('x')}")
        execution_id = await engine.trigger(side_by_side(call("a"), broken, call("b")))
        await engine.settle()
        assert await engine.status(execution_id) == "FAILED"
        assert not engine.world.calls

    async def test_an_end_within_a_branch_ends_the_execution(self, engine: Driver) -> None:
        engine.world.always("slow", HANG)
        workflow = graph(
            parallel("slow", "stopped"),
            call("slow"),
            stop("stopped"),
            join("any"),
            edges=(
                (START, "next", "split"),
                ("split", "slow", "slow"),
                ("split", "stopped", "stopped"),
                ("slow", "next", "meet"),
            ),
        )
        execution_id = await engine.trigger(workflow)
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.current_state) == ("FAILED", "stopped")
        assert state.closed is not None

    async def test_branches_survive_a_crash_and_continue(self, engine: Driver) -> None:
        execution_id = await engine.trigger(side_by_side(wait("a"), delay("b"), wait("c")))
        await engine.resume(execution_id, state="a")
        await engine.crash()
        await engine.advance(timedelta(hours=1))
        assert (await engine.state(execution_id)).current_state == "wait_for_response_state"
        await engine.crash()
        assert await engine.resume(execution_id, {"n": 1}) == Released()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == ("COMPLETED", ["a", "b", "c"])


class ForEachStories:
    """`forEach`: each iteration with its own item and outputs, in whatever order they end."""

    async def test_items_run_one_after_the_other_unless_more_are_asked_for(self, engine: Driver) -> None:
        engine.world.always("call_1", HANG)
        execution_id = await engine.trigger(repeating(ITEM_CALL), {"items": ["x", "y", "z"]})
        for number, item in enumerate(("x", "y", "z"), 1):
            made = await engine.world.wait_for_call("call_1", number)
            await engine.settle()
            assert len(engine.world.calls) == number
            assert made.key == f"{execution_id}:loop[{number - 1}]/call_1:1"
            assert made.input["body"] == {"item": item, "index": number - 1}
            made.release(Answer(data={"item": item}))
        await engine.settle()
        state = await engine.state(execution_id)
        assert [item["data"] for item in state.payload["last"]] == [{"item": item} for item in ("x", "y", "z")]
        assert "call_1" not in state.outputs

    async def test_a_crowd_of_items_eight_at_once_each_read_their_own_and_are_collected_in_order(
        self, engine: Driver
    ) -> None:
        count = engine.carriage.crowd
        note_ = note("note_1", "${concat(string(item), '-', string(index), '-', string(call_1.output.data.index))}")
        engine.world.always("call_1", HANG)
        workflow = repeating(ITEM_CALL, note_, concurrency=8)
        execution_id = await engine.trigger(workflow, {"items": [f"item {n}" for n in range(count)]})
        answered = most = 0
        while answered < count:
            await engine.world.wait_for_call("call_1", min(count, answered + 8))
            running = engine.world.open_calls()
            most = max(most, len(running))
            # The youngest first, so that they end out of order.
            for each in reversed(running):
                each.release(Answer(data={"index": each.input["body"]["index"]}))
                answered += 1
        await engine.settle()
        state = await engine.state(execution_id)
        assert state.payload["last"] == [{"note_1": f"item {n}-{n}-{n}"} for n in range(count)]
        assert (state.status, most) == ("COMPLETED", 8)

    async def test_no_items_end_at_once(self, engine: Driver) -> None:
        execution_id = await engine.trigger(repeating(ITEM_CALL), {"items": []})
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == ("COMPLETED", [])

    async def test_waits_of_many_items_are_distinguished_by_their_tokens(self, engine: Driver) -> None:
        handed = call("call_1", body="${waits.wait_1}")
        execution_id = await engine.trigger(repeating(handed, wait(), concurrency=3), {"items": [1, 2, 3]})
        await engine.world.wait_for_call("call_1", 3)
        await engine.settle()
        assert await engine.status(execution_id) == "WAITING"
        tokens = {each.key.rpartition("/")[0][-2]: each.input["body"] for each in engine.world.calls_of("call_1")}
        for index in ("2", "0", "1"):
            assert await engine.resume(execution_id, {"n": int(index)}, token=tokens[index]) == Released()
            again = await engine.resume(execution_id, {"n": int(index)}, token=tokens[index])
            assert isinstance(again, AlreadyReleased)
        state = await engine.state(execution_id)
        assert [item["n"] for item in state.payload["last"]] == [0, 1, 2]

    async def test_an_item_that_fails_freezes_the_others_and_a_crash_changes_nothing(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(), Rejected("no"))
        execution_id = await engine.trigger(repeating(ITEM_CALL), {"items": [1, 2, 3]})
        await engine.settle()
        (incident,) = await engine.events(execution_id, IncidentOpened)
        assert incident.address.text == "loop[1]/call_1:1"
        before = await engine.state(execution_id)
        await engine.crash()
        assert await engine.state(execution_id) == before
        assert len(engine.world.calls) == 2

    async def test_branches_within_items_within_a_branch(self, engine: Driver) -> None:
        workflow = graph(
            parallel("each", "other"),
            for_each(concurrency=2),
            parallel("l", "r", id_="inner"),
            note("l", "${concat('l', string(item))}"),
            call("r", body="${item}"),
            join(of="inner", id_="met"),
            note("both", "${concat(l.output.l, string(r.output.data.n))}"),
            wait("other"),
            join(),
            note("last", "${createArray(loop.output.items, other.output.n)}"),
            edges=(
                (START, "next", "split"),
                ("split", "each", "loop"),
                ("loop", "each", "inner"),
                ("inner", "l", "l"),
                ("inner", "r", "r"),
                ("l", "next", "met"),
                ("r", "next", "met"),
                ("met", "next", "both"),
                ("loop", "next", "meet"),
                ("split", "other", "other"),
                ("other", "next", "meet"),
                ("meet", "next", "last"),
            ),
        )
        engine.world.always("r", HANG)
        execution_id = await engine.trigger(workflow, {"items": [1, 2, 3]})
        for number in (1, 2, 3):
            # Of two that are scheduled together either may come first.
            made = await engine.world.wait_for_call("r", number)
            made.release(Answer(data={"n": made.input["body"] * 10}))
        await engine.settle()
        assert sorted(each.key for each in engine.world.calls_of("r")) == [
            f"{execution_id}:split[each]/loop[{n}]/inner[r]/r:1" for n in range(3)
        ]
        assert (await engine.state(execution_id)).current_state == "wait_for_response_state"
        assert await engine.resume(execution_id, {"n": 4}) == Released()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"]) == (
            "COMPLETED",
            [[{"both": "l110"}, {"both": "l220"}, {"both": "l330"}], 4],
        )
