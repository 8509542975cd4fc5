"""Repairs of branches, iterations and the steps within, on the decision core alone."""

from msgspec import to_builtins

from kit.execution.driver import Simulator
from kit.execution.regions import join, note, parallel, started, two_calls
from kit.execution.repairs import OK, begun, post, redrive, retry, scheduled
from kit.execution.workflows import call, step, workflow
from looply.execution.facts.commands import Declined, Done, MoveTo, Repaired, RepairRows, Reply, SkipStep, Unfit
from looply.execution.facts.events import IncidentClosed
from looply.execution.views.condensed import condense_logs
from looply.execution.views.logs import event_log


class TestBranchesAndIterations:
    def side_by_side(self) -> Simulator:
        """Returns an execution one of whose two branches has failed while the other one calls."""
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        flow = workflow(
            step("p", "parallel", branches),
            post("c"),
            call("d"),
            call("d2"),
            step("j", "join", {"of": "p"}),
            edges="start>p p:a>c p:b>d d>d2 c>j d2>j",
        )
        simulator = begun(flow, {"po": "1"})
        simulator.report(
            next(effect for effect in simulator.effects if "/c:" in effect.address), {**OK, "status": "404"}
        )
        assert simulator.state.status == "FAILED"
        return simulator

    def test_a_retry_thaws_the_other_branch_and_keeps_the_key_of_its_own(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        assert "d2" not in [step for step, _, _ in scheduled(simulator)]
        retry(simulator)
        assert scheduled(simulator)[-2:] == [("c", 1, 2), ("d2", 1, 1)]
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def test_the_log_names_the_step_of_the_incident_and_not_the_one_that_moved_last(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        retry(simulator)
        log = to_builtins(event_log(list(enumerate(simulator.history, 1))))
        shown = [
            entry for entry in log if entry["type"] in ("INCIDENT_OPENED", "INCIDENT_CLOSED", "EXECUTION_REOPENED")
        ]
        assert [(entry["state"], entry["visit"], entry["scope"]) for entry in shown] == [("c", 1, "p[a]")] * 3

    def test_a_closing_that_an_older_release_recorded_is_shown_at_the_current_step(self) -> None:
        simulator = self.side_by_side()
        simulator.succeed(OK)
        (incident_id,) = simulator.state.incidents
        history = [*simulator.history, IncidentClosed(at=simulator.now, incident_id=incident_id, action="retry")]
        entry = to_builtins(event_log(list(enumerate(history, 1))))[-1]
        assert (entry["type"], entry["state"]) == ("EXECUTION_REOPENED", "d")
        assert "visit" not in entry

    def test_a_path_does_not_cross_the_border_of_its_branch(self) -> None:
        simulator = self.side_by_side()
        (incident_id,) = simulator.state.incidents
        for to in ("d", "j", "p"):
            reply = simulator.submit(MoveTo(at=simulator.now, by="op", to=to, incident_id=incident_id))
            assert isinstance(reply, Unfit)
            assert reply.problems[0].path == "/to"
        assert isinstance(
            simulator.submit(MoveTo(at=simulator.now, by="op", to="c", incident_id=incident_id)), Repaired
        )
        assert scheduled(simulator)[-1] == ("c", 2, 1)

    def test_which_of_several_paths_is_meant_must_be_said(self) -> None:
        simulator = self.side_by_side()
        reply = simulator.submit(SkipStep(at=simulator.now, by="op"))
        assert isinstance(reply, Declined)
        assert (reply.code, set(reply.states)) == ("AMBIGUOUS", {"c", "d"})
        assert isinstance(simulator.submit(SkipStep(at=simulator.now, by="op", state="c")), Repaired)
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def renamed(self, simulator: Simulator, *, fork: str) -> Reply:
        """Redrives onto a version whose parallel is called `fork`, and in which the failed call has another name."""
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        target = workflow(
            step(fork, "parallel", branches),
            {**post("c"), "id": "x"},
            call("d"),
            call("d2"),
            step("j", "join", {"of": fork}),
            edges=f"start>{fork} {fork}:a>x {fork}:b>d d>d2 x>j d2>j",
        )
        return redrive(simulator, target, steps={"c": "x", **({"p": fork} if fork != "p" else {})})

    def test_a_parallel_that_is_open_keeps_its_name(self) -> None:
        reply = self.renamed(self.side_by_side(), fork="q")
        assert isinstance(reply, Unfit)
        assert "must keep its name" in reply.problems[0].message

    def test_a_renamed_step_of_an_open_branch_keeps_its_key(self) -> None:
        simulator = self.side_by_side()
        assert isinstance(self.renamed(simulator, fork="p"), Repaired)
        assert scheduled(simulator)[-1] == ("x", 1, 2)
        assert simulator.state.open_steps["p[a]/x:1"].key == "p[a]/c:1"
        simulator.succeed(OK)
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"

    def test_visits_within_branches_end_in_the_logs_when_the_path_of_the_parallel_is_moved(self) -> None:
        branches = {"branches": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}
        flow = workflow(
            step("p", "parallel", branches),
            call("c"),
            call("d"),
            step("j", "join", {"of": "p"}),
            call("e"),
            edges="start>p p:a>c p:b>d c>j d>j j>e",
        )
        simulator = begun(flow)
        move = MoveTo(at=simulator.now, by="op", to="e", state="p")
        assert isinstance(simulator.submit(move), Repaired)
        found, _ = to_builtins(condense_logs(enumerate(simulator.history, 1), 1 << 20))
        assert {name: visits[0]["status"] for name, visits in found.items() if name in "cde"} == {
            "c": "CANCELLED",
            "d": "CANCELLED",
            "e": "RUNNING",
        }

    def test_a_whole_parallel_is_skipped_by_its_name(self) -> None:
        simulator = self.side_by_side()
        reply = simulator.submit(SkipStep(at=simulator.now, by="op", state="p"))
        assert isinstance(reply, Unfit)

    def test_an_iteration_that_failed_is_retried_and_the_others_keep_their_outputs(self) -> None:
        body = post("c", body="${item}")
        flow = workflow(step("f", "forEach", {"items": "${payload.output.list}"}), body, edges="start>f f:each>c")
        simulator = begun(flow, {"list": ["x", "y", "z"]})
        simulator.succeed(OK)
        simulator.succeed({**OK, "status": "404"})
        assert simulator.state.status == "FAILED"
        retry(simulator)
        assert list(simulator.state.open_steps) == ["f[1]/c:1"]
        simulator.succeed(OK)
        simulator.succeed(OK)
        assert simulator.state.status == "COMPLETED"
        assert len(simulator.state.outputs["f"]["items"]) == 3


class TestFailuresThatArriveLater:
    """Failures of other branches while an incident holds the execution."""

    def test_a_retry_of_one_incident_leaves_later_failures_alone(self) -> None:
        simulator = two_calls()
        simulator.fail()
        simulator.fail()
        (incident_id,) = simulator.state.incidents
        assert retry(simulator, incident_id=incident_id) == Repaired(incidents=(incident_id,))
        assert simulator.state.status == "FAILED"

    def test_a_failure_that_the_workflow_handles_needs_no_incident(self) -> None:
        steps = (parallel("l", "r"), call("a", "POST"), call("b", "POST"), note("handled"), join(), call("last"))
        edges = "start>p p:l>a p:r>b a>j b>j b:error>handled handled>j j>last"
        simulator = started(*steps, edges=edges)
        simulator.fail()
        simulator.fail()
        (incident_id,) = simulator.state.incidents
        assert retry(simulator) == Repaired(incidents=(incident_id,))
        assert simulator.state.payload["handled"] == 1


def test_an_input_that_an_edit_has_made_invalid_is_evaluated_by_a_new_visit() -> None:
    simulator = begun(workflow(post(body="${div(1, payload.output.n)}"), edges="start>c"), {"n": 1})
    simulator.succeed({**OK, "status": "404"})
    retry(simulator, document={"payload": {"output": {"n": 0}}})
    closed = next(event for event in simulator.history if isinstance(event, IncidentClosed))
    assert closed.again == "visit"
    assert simulator.state.status == "FAILED"


def test_a_redirect_that_is_skipped_leads_to_its_target() -> None:
    back = step("again", "redirect", {"target": "c", "max_visits": 1})
    simulator = begun(workflow(call("c"), back, edges="start>c c>again"))
    while simulator.state.status != "FAILED":
        simulator.succeed(OK)
    before = len(scheduled(simulator))
    assert isinstance(simulator.submit(SkipStep(at=simulator.now, by="op")), Repaired)
    assert scheduled(simulator)[before:] == [("c", before + 1, 1)]


def test_rows_are_stored_again_by_an_event_that_moves_nothing() -> None:
    simulator = begun(workflow(call("c"), edges="start>c"))
    before = simulator.state
    assert simulator.submit(RepairRows(at=simulator.now)) == Done()
    assert (simulator.state.seq, simulator.state.paths) == (before.seq + 1, before.paths)
    simulator.succeed(OK)
    assert simulator.submit(RepairRows(at=simulator.now)) == Done(is_late=True)
