"""A redrive, perhaps onto another version whose steps have other names, on the decision core alone."""

from kit.execution.driver import EXECUTION_ID, SEED, Simulator
from kit.execution.repairs import OK, begun, failed, last, post, redrive, scheduled
from kit.execution.workflows import call, card, step, workflow
from looply.definition import Workflow
from looply.execution.answering.migration import mapping_choices
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.commands import AlreadyReleased, Declined, Released, Repaired, Unfit
from looply.execution.facts.events import Migrated, StepScheduled
from looply.execution.views.condensed import condense_logs


class TestRedrive:
    def test_without_a_version_it_is_a_retry_of_all(self) -> None:
        simulator = failed()
        assert isinstance(redrive(simulator), Repaired)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        reply = redrive(simulator)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_onto_a_version_with_another_input_the_key_is_another_one(self) -> None:
        simulator = failed()
        fixed = workflow(post(body="${payload.output.po}-fixed"), call("d"), edges="start>c c>d")
        assert isinstance(redrive(simulator, fixed), Repaired)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 2, 1)]
        assert simulator.state.open_steps["c:2"].input["body"] == "1-fixed"
        assert (simulator.state.workflow_version, simulator.state.definition) == (2, fixed.hash.hex())
        assert isinstance(simulator.history[-3], Migrated)

    def test_onto_a_version_that_fixes_another_step_the_key_is_kept(self) -> None:
        simulator = failed()
        fixed = workflow(post(timeout="PT60S"), call("e"), edges="start>c c>e")
        redrive(simulator, fixed)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 1, 2)]
        assert last(simulator, StepScheduled).timeout_seconds == 60
        simulator.succeed(OK)
        assert scheduled(simulator)[-1] == ("e", 1, 1)

    def test_a_step_of_another_type_is_visited_again(self) -> None:
        simulator = failed()
        settings = {"parameters": [{"name": "x", "value": 1}]}
        redrive(simulator, workflow(step("c", "overridePayload", settings), call("d"), edges="start>c c>d"))
        assert simulator.state.payload["x"] == 1
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_a_renamed_step_keeps_its_key_and_its_position(self) -> None:
        simulator = failed()
        renamed = workflow(
            step("c2", "httpRequest", simulator.workflow.definition["workflow_steps"][1]["settings"]),
            call("d"),
            edges="start>c2 c2>d",
        )
        reply = redrive(simulator, renamed)
        assert isinstance(reply, Unfit)
        assert reply.problems[0].path == "/mapping/c"
        assert isinstance(redrive(simulator, renamed, steps={"c": "c2"}), Repaired)
        opened = simulator.state.open_steps["c2:1"]
        assert (opened.key, opened.attempt) == ("c:1", 2)
        simulator.succeed(OK)
        assert scheduled(simulator)[-1] == ("d", 1, 1)
        assert simulator.state.outputs["c2"]["status"] == "200"

    def test_a_waiting_execution_is_moved_to_a_version_where_its_step_has_another_name(self) -> None:
        before = workflow(step("w", "wait", {"timeout": "P1D"}), call("c"), edges="start>w w>c")
        after = workflow(step("ask", "wait"), call("c"), call("late"), edges="start>ask ask>c ask:timeout>late")
        token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
        for how in ("token", "plain", "timeout"):
            simulator = begun(before)
            assert isinstance(redrive(simulator, after, steps={"w": "ask"}), Repaired)
            assert simulator.state.current_state == "wait_for_response_state"
            simulator.crash()
            if how == "timeout":
                simulator.tick(86400)
                assert scheduled(simulator) == [("late", 1, 1)]
                continue
            fields = {"token": token} if how == "token" else {}
            assert simulator.resume({"n": 1}, **fields) == Released()
            assert isinstance(simulator.resume({"n": 2}, **fields), AlreadyReleased)
            assert simulator.state.outputs["ask"]["n"] == 1
            assert scheduled(simulator) == [("c", 1, 1)]

    def test_a_call_that_is_out_while_its_step_is_renamed_comes_back_to_it(self) -> None:
        simulator = begun(workflow(call("c"), call("d"), edges="start>c c>d"))
        effect = simulator.effects[0]
        redrive(simulator, workflow(call("x"), call("d"), edges="start>x x>d"), steps={"c": "x"})
        simulator.report(effect, OK)
        assert simulator.state.outputs["x"] == OK
        assert scheduled(simulator)[-1] == ("d", 1, 1)

    def test_a_step_that_takes_an_old_name_never_uses_its_key(self) -> None:
        simulator = begun(workflow(call("c"), edges="start>c"))
        redrive(simulator, workflow(call("x"), call("c"), edges="start>x x>c"), steps={"c": "x"})
        simulator.succeed(OK)
        assert scheduled(simulator) == [("c", 1, 1), ("c", 2, 1)]

    def test_a_token_of_a_wait_to_come_follows_its_step(self) -> None:
        simulator = begun(workflow(call("c"), step("w", "wait"), edges="start>c c>w"))
        token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
        assert simulator.resume({"n": 1}, token=token) == Released(buffered=True)
        redrive(simulator, workflow(call("c"), step("w2", "wait"), edges="start>c c>w2"), steps={"w": "w2"})
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"
        assert simulator.state.outputs["w2"]["n"] == 1

    def test_a_step_that_is_open_cannot_become_another_kind_of_step(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        reply = redrive(simulator, workflow(call("w"), edges="start>w"))
        assert isinstance(reply, Unfit)
        assert "open as wait" in reply.problems[0].message

    def test_all_wrong_names_are_reported_together(self) -> None:
        target = workflow(post(), call("e"), edges="start>c c>e")
        reply = redrive(failed(), target, steps={"nobody": "e", "d": "nowhere", "c": "e"})
        assert isinstance(reply, Unfit)
        assert {problem.path for problem in reply.problems} >= {"/mapping/nobody", "/mapping/d"}
        reply = redrive(failed(), target, steps={"c": "e", "d": "e"})
        assert isinstance(reply, Unfit)
        assert "/mapping" in {problem.path for problem in reply.problems}

    def test_the_version_that_it_runs_on_is_no_other_version(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        reply = redrive(simulator, simulator.workflow)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"

    def test_a_redrive_of_many_leaves_incidents_alone_that_are_younger(self) -> None:
        simulator = failed()
        asked = simulator.now
        assert isinstance(redrive(simulator, opened_by=asked), Repaired)
        simulator.tick(60)
        simulator.succeed({**OK, "status": "404"})
        reply = redrive(simulator, opened_by=asked)
        assert isinstance(reply, Declined)
        assert reply.code == "NO_INCIDENT"


def test_a_child_that_is_waited_for_comes_back_to_its_step_under_the_new_name() -> None:
    other = "01944ca1-1c00-7000-8000-00000000000c"
    simulator = begun(workflow(step("s", "subworkflow", {"workflow_id": other}), edges="start>s"))
    redrive(simulator, workflow(step("s2", "subworkflow", {"workflow_id": other}), edges="start>s2"), steps={"s": "s2"})
    assert [child.address for child in simulator.state.children.values()] == ["s2:1"]
    assert simulator.state.status == "WAITING"


class TestNames:
    """Names of steps that change while an execution is under way."""

    def test_a_step_may_be_renamed_again_and_again(self) -> None:
        simulator = begun(workflow(card("info", "a@example.com"), step("w", "wait"), edges="start>info info>w"))
        token = wait_token(EXECUTION_ID, SEED, Address("", "w", 1))
        for old, new in (("w", "w2"), ("w2", "w3")):
            target = workflow(card("info", "a@example.com"), step(new, "wait"), edges=f"start>info info>{new}")
            assert isinstance(redrive(simulator, target, steps={old: new}), Repaired)
        assert simulator.resume({"n": 1}, token=token) == Released()
        assert simulator.state.outputs["w3"]["n"] == 1
        logs, _ = condense_logs(enumerate(simulator.history, 1), 1 << 20)
        assert {name: [visit.status for visit in visits] for name, visits in logs.items()} == {
            "WorkflowStartState": ["SUCCEEDED"],
            "info": ["SUCCEEDED"],
            "w3": ["SUCCEEDED"],
        }

    def test_an_incident_of_the_whole_execution_keeps_its_place(self) -> None:
        limited = {"timeout": "PT1M"}
        simulator = begun(workflow(call("c"), edges="start>c", settings=limited))
        simulator.tick(60)
        assert simulator.state.status == "FAILED"
        target = workflow(call("x"), edges="start>x", settings=limited)
        assert isinstance(redrive(simulator, target, steps={"c": "x"}), Repaired)
        assert simulator.state.status == "RUNNING"

    def test_an_execution_that_is_queued_begins_on_the_new_version(self) -> None:
        narrow = {"max_concurrency": 1}
        simulator = begun(workflow(call("c"), edges="start>c", settings=narrow))
        assert isinstance(redrive(simulator, workflow(call("x"), edges="start>x", settings=narrow)), Repaired)
        simulator.admit()
        assert scheduled(simulator) == [("x", 1, 1)]

    def test_a_step_of_an_open_branch_cannot_leave_it_by_its_new_name(self) -> None:
        branches = {"branches": [{"id": "a"}, {"id": "b"}]}
        fork, end = step("p", "parallel", branches), step("j", "join", {"of": "p"})
        edges = "start>p p:a>c p:b>d c>j d>j j>e"
        simulator = begun(workflow(fork, call("c"), call("d"), end, call("e"), edges=edges))
        target = workflow(fork, call("y"), call("d"), end, call("x"), edges="start>p p:a>y p:b>d y>j d>j j>x")
        reply = redrive(simulator, target, steps={"c": "x", "e": "y"})
        assert isinstance(reply, Unfit)
        assert any("not in the same open branch or body" in problem.message for problem in reply.problems)


class TestMappings:
    """The steps to which a current step could be mapped, so that the execution can continue with a version."""

    def test_a_step_that_waits_may_become_one_of_its_type(self) -> None:
        simulator = begun(workflow(step("w", "wait"), call("c"), edges="start>w w>c"))
        target = workflow(step("w2", "wait"), step("w3", "wait"), call("c"), edges="start>w2 w2>w3 w3>c")
        choices = mapping_choices(simulator.workflow, target, simulator.state, {})
        assert choices == {"w": ("w2", "w3")}
        assert isinstance(redrive(simulator, target, steps={"w": "w3"}), Repaired)

    def test_a_step_that_failed_may_become_any_other(self) -> None:
        simulator = failed()
        target = workflow(step("w", "wait"), call("e"), edges="start>w w>e")
        assert mapping_choices(simulator.workflow, target, simulator.state, {}) == {"c": ("w", "e")}

    def test_what_can_continue_needs_none(self) -> None:
        simulator = failed()
        assert mapping_choices(simulator.workflow, simulator.workflow, simulator.state, {}) == {}

    def test_what_no_mapping_helps_has_none(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        assert mapping_choices(simulator.workflow, workflow(call("c"), edges="start>c"), simulator.state, {}) == {}

    def test_a_wrong_mapping_that_is_given_already_helps_none(self) -> None:
        simulator = begun(workflow(step("w", "wait"), edges="start>w"))
        target = workflow(step("w2", "wait"), edges="start>w2")
        assert mapping_choices(simulator.workflow, target, simulator.state, {"other": "w2"}) == {}
        assert mapping_choices(simulator.workflow, target, simulator.state, {"other": "nowhere"}) == {}

    def test_two_branches_are_not_mapped_to_one_step(self) -> None:
        simulator = two_waits("a", "b")
        target = two_waits("c", "b").workflow
        assert mapping_choices(simulator.workflow, target, simulator.state, {}) == {"a": ("c",)}

    def test_iterations_at_one_step_share_its_choices(self) -> None:
        def flow(name: str) -> Workflow:
            loop = step("f", "forEach", {"items": "${payload.output.items}", "concurrency": 2})
            return workflow(loop, step(name, "wait"), edges=f"start>f f:each>{name}")

        simulator = begun(flow("w"), {"items": [1, 2]})
        assert mapping_choices(simulator.workflow, flow("w2"), simulator.state, {}) == {"w": ("w2",)}


def two_waits(left: str, right: str) -> Simulator:
    """Returns an execution that waits in two branches."""
    branches = {"branches": [{"id": "l"}, {"id": "r"}]}
    steps = (step("p", "parallel", branches), step(left, "wait"), step(right, "wait"), step("j", "join", {"of": "p"}))
    return begun(workflow(*steps, edges=f"start>p p:l>{left} p:r>{right} {left}>j {right}>j"))
