"""`looply bulk` against a server."""

from cli_kit import BULK, ID, WORKFLOW, Command, Looply, row


def test_a_redrive_sends_which_how_and_onto_what(run: Command, looply: Looply) -> None:
    looply.answers["bulkRedrive"] = {"message": "success", "item": BULK}
    which = (
        "--workflow-id",
        WORKFLOW,
        "--status",
        "FAILED",
        "--process-id",
        "PO-*",
        "--from",
        "1970-01-01T00:00:00.001Z",
        "--to",
        "1970-01-01T01:00:00.002+01:00",
    )
    done = run(
        "bulk", "redrive", *which, "--version", "2", "--rename", "a=b", "--reason", "corrected", "--rate", "5", "-y"
    )
    assert ("b-1" in done.out, "RUNNING" in done.out) == (True, True)
    assert looply.calls[0][2] == {
        "filter": {"workflow_id": WORKFLOW, "status": ["FAILED"], "process_id": ["PO-*"], "from": 1, "to": 2},
        "reason": "corrected",
        "rate_per_second": 5,
        "dry_run": False,
        "workflow_version": "2",
        "mapping": {"a": "b"},
    }


def test_a_dry_run_shows_how_many_and_the_newest(run: Command, looply: Looply) -> None:
    looply.answers["bulkTerminate"] = {"message": "forecast", "count": 2000, "truncated": True, "items": [row()]}
    done = run("bulk", "terminate", "--all", "--dry-run")
    assert ("2000 or more" in done.out, ID in done.out, "nothing was stored" in done.out) == (True, True, True)
    assert looply.calls[0][2] == {
        "filter": {"all": True},
        "reason": "",
        "rate_per_second": 10,
        "dry_run": True,
    }


def test_a_dry_run_of_a_redrive_shows_the_calls_that_it_would_lead_to(run: Command, looply: Looply) -> None:
    calls = {"workflow_id": WORKFLOW, "state": "call_1", "operation": "http.request"}
    effects = [{**calls, "count": 17, "repeated": 16, "same_key": 15}]
    forecast = {"examined": 18, "refused": 1, "effects": effects}
    answer = {"message": "forecast", "count": 18, "truncated": False, "items": [row()], "forecast": forecast}
    looply.answers["bulkRedrive"] = answer
    done = run("bulk", "redrive", "--all", "--dry-run")
    assert "the newest 18, of which 1 would be refused, would make at once" in " ".join(done.out.split())
    line = next(line for line in done.out.splitlines() if "http.request" in line)
    assert line.split()[-3:] == ["17", "16", "15"]


def test_a_dry_run_that_matches_nothing_says_only_that(run: Command, looply: Looply) -> None:
    looply.answers["bulkTerminate"] = {"message": "forecast", "count": 0, "truncated": False, "items": []}
    done = run("bulk", "terminate", "--status", "WAITING", "--dry-run")
    assert done.out.strip() == "0 executions match. A dry run: nothing was stored."


def test_a_bulk_shows_its_filter_in_words(run: Command, looply: Looply) -> None:
    looply.answers["getBulk"] = {"item": {**BULK, "filter": {"status": ["FAILED", "WAITING"], "process_id": ["PO-*"]}}}
    assert "status=FAILED|WAITING, process_id=PO-*" in run("bulk", "status", "b-1").out


def test_bulks_are_listed_watched_and_cancelled(run: Command, looply: Looply) -> None:
    looply.answers["getBulks"] = {"items": [BULK]}
    looply.answers["getBulk"] = {"item": BULK}
    looply.answers["cancelBulk"] = {"item": {**BULK, "status": "CANCELLED"}}
    assert "b-1" in run("bulk", "list").out
    assert run("bulk", "status", "b-1", "--json").document == BULK
    assert "CANCELLED" in run("bulk", "cancel", "b-1").out
    assert [call[0] for call in looply.calls] == ["getBulks", "getBulk", "cancelBulk"]


def test_a_rate_that_is_too_high_is_wrong_usage(run: Command, looply: Looply) -> None:
    assert run("bulk", "redrive", "--all", "--rate", "1000").status == 2
    assert looply.calls == []


def test_a_repair_sends_its_action_and_the_arguments_of_a_skip(run: Command, looply: Looply) -> None:
    looply.answers["bulkRepair"] = {"message": "success", "item": {**BULK, "action": "skip", "state": "call_1"}}
    done = run(
        *("bulk", "repair", "skip", "--workflow-id", WORKFLOW, "--state", "call_1", "--branch", "next"),
        *("--step-output", "null", "--reason", "done by hand", "-y"),
    )
    assert "call_1" in done.out
    body = looply.calls[0][2]
    assert body["filter"] == {"workflow_id": WORKFLOW}
    skip = {name: body[name] for name in ("action", "state", "branch", "output", "reason")}
    assert skip == {
        "action": "skip",
        "state": "call_1",
        "branch": "next",
        "output": None,
        "reason": "done by hand",
    }
    run("bulk", "repair", "retry", "--all", "-y")
    assert not {"state", "branch", "output"} & set(looply.calls[1][2])


def test_executions_are_named_by_their_ids_instead_of_criteria(run: Command, looply: Looply) -> None:
    looply.answers["bulkTerminate"] = {"message": "success", "item": {**BULK, "executions": 2, "filter": {}}}
    done = run("bulk", "terminate", "--execution", ID, "--execution", "b", "-y")
    assert "2 executions, named by their ids" in done.out
    assert looply.calls[0][2]["workflow_execution_id"] == [ID, "b"]
    assert "filter" not in looply.calls[0][2]
    assert run("bulk", "terminate", "--execution", ID, "--status", "WAITING", "-y").status == 2
    assert len(looply.calls) == 1


def test_a_dry_run_with_a_version_shows_verdicts_and_the_mappings_that_help(run: Command, looply: Looply) -> None:
    verdicts = [
        {"workflow_execution_id": ID, "process_id": "PO-1", "verdict": verdict, "why": ""}
        for verdict in ("SAFE", "NEEDS_MAPPING", "REFUSED", "SAFE")
    ]
    refused = {"code": "OVERRIDE_NEEDED", "message": "only its approvers decide", "count": 1}
    forecast = {
        "examined": 4,
        "refused": 2,
        "refusals": [{**refused, "workflow_execution_id": ID}],
        "effects": [],
        "verdicts": verdicts,
        "mappings": [{"state": "ask", "count": 1, "choices": ["question", "check"]}],
    }
    answer = {"message": "forecast", "count": 4, "truncated": False, "items": [row()], "forecast": forecast}
    looply.answers["bulkRedrive"] = answer
    out = " ".join(run("bulk", "redrive", "--all", "--version", "latest", "--dry-run").out.split())
    assert "OVERRIDE_NEEDED" in out
    assert "1 NEEDS_MAPPING, 1 REFUSED, 2 SAFE" in out
    assert "1 of them need --rename ask=NEW, with NEW one of question, check" in out
