"""What operators decide about one branch or iteration while others continue: edits, moves, and other names of steps."""

from typing import Any

import pytest

from contract.engine.people.repairs import REFUSED, decide, keys
from contract.engine.upkeep.proofs import stored_text
from kit.definitions import call, card, for_each, graph, join, note, parallel, repeating, wait
from kit.driver import Driver
from looply.definition import START, Workflow
from looply.execution.facts.address import Address, card_token, wait_token
from looply.execution.facts.commands import EditDocument, MoveTo, Recorded, Redrive, Released, Repaired, Retry, Unfit
from looply.execution.facts.events import DocumentEdited, Moved
from looply.jsontext import Json
from looply.testing.world import HANG, Answer

HIDDEN = "sesame-open-0815"


def reading(**beside: Json) -> Workflow:
    """Returns a workflow that reads something for each item and sends on what it has read."""
    send = call("call_1", body="${concat(item, read.output.data.text)}", fail_on=["5xx"])
    return repeating(call("read", "GET", **beside), send, concurrency=2)


def asking_twice(ask: str = "ask", wait_: str = "wait_1", after: str = "after") -> Workflow:
    """Returns a workflow with a card in one branch, and a wait and a note in the other one."""
    return graph(
        parallel("left", "right"),
        card(ask),
        wait(wait_),
        note(after),
        join(),
        note("last", f"${{{ask}.output.response.data.action}}"),
        edges=(
            (START, "next", "split"),
            ("split", "left", ask),
            ("split", "right", wait_),
            (wait_, "next", after),
            (ask, "next", "meet"),
            (after, "next", "meet"),
            ("meet", "next", "last"),
        ),
    )


async def half_broken(engine: Driver, workflow: Workflow) -> str:
    """Returns an execution of two items whose second one was refused by `call_1`; the first one is at its end."""
    engine.world.script("call_1", Answer(data="a"), REFUSED)
    execution_id = await engine.trigger(workflow, {"items": ["a", "b"]})
    await engine.settle()
    assert await engine.status(execution_id) == "FAILED"
    return execution_id


async def failed_scope(engine: Driver, execution_id: str) -> str:
    """Returns the iteration that has failed."""
    (incident,) = (await engine.state(execution_id)).incidents.values()
    return incident.scope


async def refusal(engine: Driver, execution_id: str, kind: type, **fields: Any) -> tuple[str, str]:
    """Returns where and why an operator's command does not fit."""
    reply = await decide(engine, execution_id, kind, **fields)
    assert isinstance(reply, Unfit)
    return reply.problems[0].path, reply.problems[0].message


class EditWithinStories:
    """What one iteration has of its own is corrected; no other one sees it."""

    @pytest.mark.parametrize("act", [EditDocument, Retry])
    async def test_the_output_of_one_iteration_is_corrected_and_the_others_keep_theirs(
        self, engine: Driver, act: type
    ) -> None:
        engine.world.always("read", Answer(data={"text": "-as-read", "more": 1}))
        execution_id = await half_broken(engine, reading())
        scope = await failed_scope(engine, execution_id)
        before = (await engine.state(execution_id)).frames[scope].outputs["read"]
        edit = {"document": {"read": {"output": {"data": {"text": "-repaired"}}}}, "scope": scope}
        assert isinstance(await decide(engine, execution_id, act, **edit), Repaired)
        await engine.crash()
        await engine.settle()
        if act is EditDocument:
            after = (await engine.state(execution_id)).frames[scope].outputs["read"]
            assert after == {**before, "data": {"text": "-repaired", "more": 1}}
            await decide(engine, execution_id, Retry)
        sent = [seen.input["body"] for seen in engine.world.calls_of("call_1")]
        item = sent[1].removesuffix("-as-read")
        assert sent == [*(f"{name}-as-read" for name in ("ab" if item == "b" else "ba")), f"{item}-repaired"]
        assert keys(engine)[1:] == [f"{scope}/call_1:1", f"{scope}/call_1:2"]
        state = await engine.state(execution_id)
        assert (state.status, len(state.payload["last"]), "read" in state.outputs) == ("COMPLETED", 2, False)
        (edited,) = await engine.events(execution_id, DocumentEdited)
        assert (edited.scope, list(edited.outputs)) == (scope, ["read"])

    async def test_an_edit_of_what_iterations_have_names_one_that_is_open(self, engine: Driver) -> None:
        execution_id = await half_broken(engine, reading())
        scope = await failed_scope(engine, execution_id)
        document: Json = {"read": {"output": {}}}
        assert await refusal(engine, execution_id, EditDocument, document=document) == (
            "/document/read",
            f"has an output in each iteration of its own; name the iteration by its scope; open are {scope}",
        )
        assert await refusal(engine, execution_id, EditDocument, document=document, scope="loop[7]") == (
            "/scope",
            f"no branch or iteration 'loop[7]' is open; open are {scope}",
        )
        outside: Json = {"last": {"output": {}}}
        path, message = await refusal(engine, execution_id, Retry, document=outside, scope=scope)
        assert (path, message) == (
            "/document/last",
            f"does not belong to the iteration {scope}; edit it without a scope",
        )
        assert await engine.events(execution_id, DocumentEdited) == []

    async def test_the_payload_of_one_iteration_is_its_own(self, engine: Driver) -> None:
        send = call("call_1", body="${payload.output.mine}", fail_on=["5xx"])
        execution_id = await half_broken(engine, repeating(note("mine", "${item}"), send, concurrency=2))
        scope = await failed_scope(engine, execution_id)
        edit = {"document": {"payload": {"output": {"mine": "repaired"}}}, "scope": scope}
        await decide(engine, execution_id, Retry, **edit)
        assert [seen.input["body"] for seen in engine.world.calls_of("call_1")][2:] == ["repaired"]
        state = await engine.state(execution_id)
        assert (state.status, "mine" in state.payload) == ("COMPLETED", False)

    async def test_a_secret_of_an_iteration_stays_sealed_through_an_edit(self, engine: Driver) -> None:
        engine.world.always("read", Answer(data={"text": HIDDEN}))
        execution_id = await half_broken(engine, reading(secret=["/output/data/text"]))
        scope = await failed_scope(engine, execution_id)
        other = HIDDEN[::-1]
        edit = {"document": {"read": {"output": {"data": {"text": other}}}}, "scope": scope}
        await decide(engine, execution_id, Retry, **edit)
        assert engine.world.calls_of("call_1")[-1].input["body"].endswith(other)
        text = stored_text(engine)
        assert (HIDDEN.encode() in text, other.encode() in text) == (False, False)


class MoveWithinStories:
    """One path is moved; the others wait or run where they did."""

    async def test_one_branch_is_moved_and_the_other_one_waits_on(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        assert await decide(engine, execution_id, MoveTo, state="wait_1", to="after") == Repaired()
        (moved,) = await engine.events(execution_id, Moved)
        assert moved.scope == "split[right]"
        await engine.crash()
        state = await engine.state(execution_id)
        assert (state.status, list(state.waits)) == ("WAITING", ["split[left]/ask:1"])
        token = card_token(execution_id, state.started.seed, Address("split[left]", "ask", 1), 0)
        assert await engine.answer(execution_id, token) == Recorded()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["after"]) == ("COMPLETED", "seen")

    async def test_one_iteration_is_moved_by_its_incident(self, engine: Driver) -> None:
        body = (call("call_1", fail_on=["5xx"]), note("noted", "${item}"))
        execution_id = await half_broken(engine, repeating(*body, concurrency=2))
        (incident,) = (await engine.state(execution_id)).incidents.values()
        reply = await decide(engine, execution_id, MoveTo, incident_id=incident.incident_id, to="noted")
        assert reply == Repaired(incidents=(incident.incident_id,))
        state = await engine.state(execution_id)
        assert (state.status, len(engine.world.calls_of("call_1"))) == ("COMPLETED", 2)
        assert sorted(each["noted"] for each in state.payload["last"]) == ["a", "b"]


class RenameWithinStories:
    """A version that calls steps of open branches and iterations otherwise; who has a token does not know of it."""

    async def test_a_card_and_a_wait_of_open_branches_still_take_their_answers(self, engine: Driver) -> None:
        execution_id = await engine.trigger(asking_twice())
        seed = (await engine.state(execution_id)).started.seed
        shown = card_token(execution_id, seed, Address("split[left]", "ask", 1), 0)
        token = wait_token(execution_id, seed, Address("split[right]", "wait_1", 1))
        names = {"ask": "question", "wait_1": "reply", "after": "later"}
        onto = {"workflow": asking_twice("question", "reply", "later"), "workflow_version": 2, "steps": names}
        assert await decide(engine, execution_id, Redrive, **onto) == Repaired()
        assert list((await engine.state(execution_id)).waits) == ["split[left]/question:1", "split[right]/reply:1"]
        await engine.crash()
        assert await engine.resume(execution_id, token=token) == Released()
        assert await engine.answer(execution_id, shown) == Recorded()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"], state.payload["later"]) == ("COMPLETED", "approve", "seen")

    async def test_iterations_keep_what_they_have_and_new_ones_begin_under_the_new_name(self, engine: Driver) -> None:
        engine.world.always("read", Answer(data={"text": "-read"}))
        before = repeating(call("read", "GET"), wait("ask"), note("noted", "${read.output.data.text}"))
        after = repeating(call("got", "GET"), wait("answer"), note("noted", "${got.output.data.text}"))
        execution_id = await engine.trigger(before, {"items": ["a", "b"]})
        await engine.settle()
        seed = (await engine.state(execution_id)).started.seed
        names = {"read": "got", "ask": "answer"}
        await decide(engine, execution_id, Redrive, workflow=after, workflow_version=2, steps=names)
        await engine.crash()
        first = wait_token(execution_id, seed, Address("loop[0]", "ask", 1))
        engine.world.always("got", Answer(data={"text": "-got"}))
        assert await engine.resume(execution_id, {"n": 1}, token=first) == Released()
        await engine.settle()
        second = wait_token(execution_id, seed, Address("loop[1]", "answer", 1))
        assert await engine.resume(execution_id, {"n": 2}, token=second) == Released()
        state = await engine.state(execution_id)
        assert (state.status, [each["noted"] for each in state.payload["last"]]) == ("COMPLETED", ["-read", "-got"])
        assert keys(engine, "read") == ["loop[0]/read:1"]
        assert keys(engine, "got") == ["loop[1]/got:1"]

    async def test_a_call_of_a_branch_comes_back_to_the_step_under_its_new_name(self, engine: Driver) -> None:
        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(repeating(call("call_1")), {"items": ["a"]})
        await engine.settle()
        onto = {"workflow": repeating(call("order")), "workflow_version": 2, "steps": {"call_1": "order"}}
        assert await decide(engine, execution_id, Redrive, **onto) == Repaired()
        engine.world.open_calls()[0].release(Answer(data={"n": 1}))
        await engine.settle()
        state = await engine.state(execution_id)
        assert (state.status, state.payload["last"][0]["data"]) == ("COMPLETED", {"n": 1})
        assert len(engine.world.calls) == 1

    async def test_a_token_that_was_handed_on_before_its_branch_began_is_known_under_the_new_name(
        self, engine: Driver
    ) -> None:
        def handing(name: str, fork: str) -> Workflow:
            return graph(
                call("call_1", body=f"${{waits.{name}}}"),
                parallel("left", id_=fork),
                wait(name),
                edges=((START, "next", "call_1"), ("call_1", "next", fork), (fork, "left", name)),
            )

        engine.world.script("call_1", HANG)
        execution_id = await engine.trigger(handing("ask", "split"))
        await engine.settle()
        names = {"ask": "answer", "split": "fork"}
        onto = {"workflow": handing("answer", "fork"), "workflow_version": 2, "steps": names}
        assert await decide(engine, execution_id, Redrive, **onto) == Repaired()
        (seen,) = engine.world.calls_of("call_1")
        seen.release()
        await engine.settle()
        await engine.crash()
        assert await engine.resume(execution_id, token=seen.input["body"]) == Released()
        assert await engine.status(execution_id) == "COMPLETED"

    async def test_what_branches_are_called_by_keeps_its_name_while_they_are_open(self, engine: Driver) -> None:
        execution_id = await engine.trigger(repeating(wait("ask")), {"items": ["a"]})
        renamed = graph(
            for_each(id_="each_one"),
            wait("ask"),
            edges=((START, "next", "each_one"), ("each_one", "each", "ask")),
        )
        onto = {"workflow": renamed, "workflow_version": 2, "steps": {"loop": "each_one"}}
        path, message = await refusal(engine, execution_id, Redrive, **onto)
        assert (path, "must keep its name until they end" in message) == ("/mapping/loop", True)
        moved_out = graph(
            for_each(),
            wait("ask"),
            wait("outside"),
            edges=((START, "next", "loop"), ("loop", "each", "ask"), ("loop", "next", "outside")),
        )
        onto = {"workflow": moved_out, "workflow_version": 2, "steps": {"ask": "outside"}}
        path, message = await refusal(engine, execution_id, Redrive, **onto)
        assert (path, "is not in the same open branch or body" in message) == ("/mapping/ask", True)
