"""What was frozen beside a failure continues after an operator's decision: branches, items, the parent of a child."""

from contract.engine.people.repairs import decide, keys
from contract.engine.steps.children import CALLEE, calling_child, child_of, output_of, statuses
from contract.engine.steps.scopes import ITEM_CALL
from kit.definitions import call, chain, repeating, side_by_side, wait
from kit.driver import Driver
from looply.errors import Rejected
from looply.execution.facts.commands import Released, Repaired, Retry
from looply.testing.world import HANG, Answer


class ThawStories:
    """A redrive repeats what failed, and the rest continues from where it was held."""

    async def test_the_other_branches_continue_with_what_came_while_they_were_frozen(self, engine: Driver) -> None:
        for name in ("slow", "bad"):
            engine.world.script(name, HANG)
        execution_id = await engine.trigger(side_by_side(call("slow"), wait("asked"), call("bad")))
        # Both are out before one of them fails: what has not left by then stays.
        slow, bad = [await engine.world.wait_for_call(name) for name in ("slow", "bad")]
        bad.release(Rejected("no"))
        await engine.settle()
        slow.release(Answer(data={"n": 7}))
        await engine.settle()
        assert await engine.status(execution_id) == "FAILED"
        assert isinstance(await decide(engine, execution_id, Retry), Repaired)
        assert (await engine.state(execution_id)).outputs["bad"]["status"] == "200"
        assert await engine.resume(execution_id) == Released()
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, set(state.payload["last"])) == ("COMPLETED", {"slow", "asked", "bad"})
        assert keys(engine, "slow") == ["split[slow]/slow:1"]
        assert keys(engine, "bad") == ["split[bad]/bad:1"] * 2

    async def test_items_continue_with_the_one_that_failed(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(data="0"), Rejected("no"), Answer(data="1"), Answer(data="2"))
        execution_id = await engine.trigger(repeating(ITEM_CALL), {"items": ["a", "b", "c"]})
        await engine.settle()
        assert await engine.status(execution_id) == "FAILED"
        await decide(engine, execution_id, Retry)
        state = await engine.state(execution_id)
        assert (state.status, [item["data"] for item in state.payload["last"]]) == ("COMPLETED", ["0", "1", "2"])
        assert keys(engine) == [f"loop[{index}]/call_1:1" for index in (0, 1, 1, 2)]

    async def test_the_parent_of_a_child_that_is_repaired_continues(self, engine: Driver) -> None:
        engine.world.script("call_1", Answer(status=500))
        engine.callees.put(CALLEE, chain(call("call_1", fail_on=["5xx"])))
        parent = await engine.trigger(calling_child())
        await engine.deliver()
        child = await child_of(engine, parent)
        assert await statuses(engine, parent, child) == ["WAITING", "FAILED"]
        await decide(engine, child, Retry)
        await engine.deliver()
        assert await statuses(engine, parent, child) == ["COMPLETED", "COMPLETED"]
        assert (await output_of(engine, parent))["status"] == "COMPLETED"
        assert len(engine.world.calls_of("call_1")) == 2
