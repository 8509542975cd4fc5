"""Steps that touch the world: what they send, how they fail, where they may not go."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, graph, http, note, sap
from blackbox.harness.launcher import Server
from blackbox.harness.sink import Sink
from kit.sap_metadata import V2

Scripted = Callable[..., str]


@pytest.fixture
def url(org: Organization, sink: Sink) -> Scripted:
    """Sets the answers of a path of this test and returns its URL."""

    def script(name: str, *replies: dict[str, Any]) -> str:
        return sink.script(f"/{org.organization_id}/{name}", *replies)

    return script


def asked(sink: Sink, org: Organization, name: str) -> list[dict[str, Any]]:
    return sink.lines(f"/{org.organization_id}/{name}")


def incident(item: dict[str, Any]) -> dict[str, Any]:
    (found,) = item["workflow_incidents"]
    result: dict[str, Any] = found
    return result


def with_error_exit(step: dict[str, Any]) -> dict[str, Any]:
    """Returns a definition in which the step's failure leads to `handled`."""
    steps = [step, note("went_on"), note("handled", "${error.code}")]
    return graph(steps, ("WorkflowStartState", step["id"]), (step["id"], "went_on"), (step["id"], "handled", "error"))


def test_a_call_is_sent_once_with_its_stable_key_and_its_answer_is_data(
    org: Organization, sink: Sink, url: Scripted
) -> None:
    address = url("order", {"status": 201, "body": {"id": 7}, "headers": {"etag": 'W/"1"'}})
    step = http(
        address,
        method="POST",
        params={"po": "${payload.output.po}"},
        headers={"x-note": "PO ${payload.output.po}"},
        body={"amount": "${payload.output.amount}", "text": "is ${payload.output.amount}"},
    )
    item = org.run(definition(step), {"po": "45 & 1", "amount": 1000.5})
    (line,) = asked(sink, org, "order")
    assert json.loads(line["body"]) == {"amount": 1000.5, "text": "is 1000.5"}
    assert line["target"].endswith("?po=45%20%26%201") or line["target"].endswith("?po=45+%26+1")
    assert line["headers"]["x-note"] == "PO 45 & 1"
    assert line["key"] == f"{item['workflow_execution_id']}:http_1:1"
    output = item["workflow_output_payload"]["http_1"]["output"]
    assert (output["status"], output["data"], output["headers"]["etag"]) == ("201", {"id": 7}, 'W/"1"')
    assert item["status"] == "COMPLETED"


def test_a_status_that_is_left_is_data(org: Organization, url: Scripted) -> None:
    item = org.run(definition(http(url("x", {"status": 500})), note("note_1", "${http_1.output.status}")))
    assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == "500"


def test_http_500_with_fail_on_stops_with_an_incident_that_has_the_reason(org: Organization, url: Scripted) -> None:
    address = url("x", {"status": 500, "body": {"error": "short dump"}})
    item = org.run(definition(http(address, fail_on=["5xx"]), note()), None, "FAILED")
    found = incident(item)
    assert (found["state"], found["visit"], found["code"]) == ("http_1", 1, "STATUS")
    assert "500" in found["message"]
    assert "short dump" in found["message"]
    assert item["workflow_current_state"] == "http_1"
    assert item["condensed_logs"]["http_1"][0]["status"] == "FAILED"
    types = [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert types[:4] == ["EXECUTION_STARTED", "STEP_STARTED", "STEP_FAILED", "INCIDENT_OPENED"]


def test_the_error_exit_is_taken_and_knows_the_error(org: Organization, url: Scripted) -> None:
    item = org.run(with_error_exit(http(url("x", {"status": 404}), fail_on=["404"])))
    document = item["workflow_output_payload"]
    assert (item["status"], document["payload"]["output"]["handled"]) == ("COMPLETED", "STATUS")
    assert document["error"]["state"] == "http_1"
    assert (document["error"]["status"], document["error"]["attempts"]) == ("404", 1)
    assert "went_on" not in document


def test_retries_are_counted_and_carry_one_key(org: Organization, sink: Sink, url: Scripted) -> None:
    address = url("x", {"status": 503}, {"status": 503}, {"status": 200})
    retry = {"max_attempts": 5, "interval": "PT0.1S", "backoff": 1.0}
    item = org.run(definition(http(address, step={"retry": retry})))
    lines = asked(sink, org, "x")
    assert (item["status"], len(lines), {line["key"] for line in lines}) == (
        "COMPLETED",
        3,
        {f"{item['workflow_execution_id']}:http_1:1"},
    )
    gaps = [(b["at"] - a["at"]) / 1e9 for a, b in itertools.pairwise(lines)]
    assert min(gaps) >= 0.08
    types = [entry["type"] for entry in item["workflow_event_log"]["events"]]
    assert types.count("STEP_RETRY_SCHEDULED") == 2
    assert item["condensed_logs"]["http_1"][0]["attempt"] == 3


def test_retries_end_after_max_attempts(org: Organization, sink: Sink, url: Scripted) -> None:
    retry = {"max_attempts": 3, "interval": "PT0.05S", "backoff": 1.0}
    step = http(url("x", {"status": 503}), fail_on=["5xx"], step={"retry": retry})
    item = org.run(definition(step), None, "FAILED")
    assert (len(asked(sink, org, "x")), incident(item)["code"]) == (3, "STATUS")


def test_a_post_whose_outcome_is_unknown_is_not_repeated_but_becomes_an_incident(
    org: Organization, sink: Sink, url: Scripted
) -> None:
    retry = {"max_attempts": 3, "interval": "PT0.05S", "on": ["timeout", "connection"]}
    step = http(url("x", {"reset": True}), method="POST", body={}, step={"retry": retry})
    item = org.run(with_error_exit(step), None, "FAILED")
    assert (len(asked(sink, org, "x")), incident(item)["code"]) == (1, "OUTCOME_UNKNOWN")
    assert "handled" not in item["workflow_output_payload"]


def test_an_attempt_that_takes_too_long_is_cut_off(org: Organization, sink: Sink, url: Scripted) -> None:
    step = http(url("x", {"hang": True}), step={"timeout": "PT3S"})
    item = org.run(definition(step), None, "FAILED")
    assert (len(asked(sink, org, "x")), incident(item)["code"]) == (1, "TIMEOUT")


def test_a_get_is_repeated_after_a_broken_connection(org: Organization, sink: Sink, url: Scripted) -> None:
    retry = {"max_attempts": 3, "interval": "PT0.05S"}
    item = org.run(definition(http(url("x", {"reset": True}, {}), step={"retry": retry})))
    assert (item["status"], len(asked(sink, org, "x"))) == ("COMPLETED", 2)


def test_an_expression_on_a_missing_field_is_null_and_in_a_text_empty(org: Organization) -> None:
    steps = [note("whole", "${payload.output.nothing.at.all}"), note("text", "[${payload.output.nothing}]")]
    output = org.run(definition(*steps), {})["workflow_output_payload"]["payload"]["output"]
    assert (output["whole"], output["text"]) == (None, "[]")


def test_an_expression_that_cannot_be_evaluated_fails_its_step_and_names_the_place(org: Organization) -> None:
    steps = [note("note_1", "${payload.output.a.b + 1}"), note("note_2", "${int(payload.output.text)}")]
    item = org.run(definition(*steps), {"a": {"b": 1}, "text": "no number"}, "FAILED")
    found = incident(item)
    assert (found["state"], found["code"]) == ("note_2", "EXPRESSION")
    assert "int(payload.output.text)" in found["message"]
    assert "position" in found["message"]
    assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == 2


def test_an_expression_error_takes_the_error_exit(org: Organization) -> None:
    item = org.run(with_error_exit(note("note_1", "${int('x')}")))
    assert item["workflow_output_payload"]["payload"]["output"]["handled"] == "EXPRESSION"


def test_an_endless_evaluation_is_cut_off_and_others_continue(org: Organization) -> None:
    items = "payload.output.items"
    bomb = f"${{join(foreach({items}, a, join(foreach({items}, b, string(b)), '')), '')}}"
    workflow_id = org.create(definition(note("note_1", bomb)))
    item = org.until(workflow_id, org.trigger(workflow_id, {"items": [1] * 50_000}), "FAILED")
    assert incident(item)["code"] == "EXPRESSION_LIMIT"


def test_values_are_never_evaluated_a_second_time(org: Organization) -> None:
    text = "${payload.output.workflow_id}"
    item = org.run(
        definition(note("note_1", "${payload.output.x}"), note("note_2", "${note_1.output.note_1}")), {"x": text}
    )
    output = item["workflow_output_payload"]["payload"]["output"]
    assert (output["note_1"], output["note_2"]) == (text, text)


FORBIDDEN_PLACES = [
    "http://127.0.0.1:9/",
    "http://127.0.0.1:{server}/healthz/live",
    "http://localhost:{server}/",
    "http://127.1:{server}/",
    "http://0:{server}/",
    "http://0.0.0.0:{server}/",
    "http://2130706433:{server}/",
    "http://0x7f.1:{server}/",
    "http://0177.0.0.1:{server}/",
    "http://[::1]:{server}/",
    "http://[::]:{server}/",
    "http://[::ffff:127.0.0.1]:{server}/",
    "http://[::ffff:7f00:1]:{server}/",
    "http://[::127.0.0.1]:{server}/",
    "http://[64:ff9b::7f00:1]:{server}/",
    "http://[2002:7f00:1::]:{server}/",
    "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:{server}/",
    "http://127.0.0.1:22/",
    "http://10.0.0.5/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://metadata.google.internal/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[2001:db8::1]/",
    "http://[fe80::1%25lo]/",
]
WRONG_URLS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_x",
    "http://user:pw@127.0.0.1:{sink}/",
    "http:///x",
    "http://127.0.0.1:{sink}:80/",
    "http://a b/",
    "http://127.0.0.1\\@example.com/",
    "//127.0.0.1:{sink}/",
    "javascript:alert(1)",
    "",
    "http://x:99999/",
    "http://127.0.0.1:{sink}/\r\nx-evil: 1",
]


def test_no_step_reaches_an_address_that_is_not_allowed(org: Organization, server: Server) -> None:
    workflow_id = org.create(definition(http("${payload.output.url}", raw=True, step={"timeout": "PT5S"})))
    places = [place.format(server=server.port) for place in FORBIDDEN_PLACES]
    running = [(place, org.trigger(workflow_id, {"url": place})) for place in places]
    messages = set()
    for place, execution_id in running:
        item = org.until(workflow_id, execution_id)
        assert item["status"] == "FAILED", place
        found = incident(item)
        assert found["code"] in ("EGRESS_DENIED", "BAD_INPUT"), (place, found)
        if found["code"] == "EGRESS_DENIED":
            messages.add(found["message"].partition(" is not allowed")[2])
    assert len(messages) == 1


def test_a_url_that_is_none_is_refused(org: Organization, sink: Sink) -> None:
    before = len(sink.lines())
    workflow_id = org.create(definition(http("${payload.output.url}", raw=True, step={"timeout": "PT5S"})))
    places = [place.format(sink=sink.port) for place in WRONG_URLS]
    running = [(place, org.trigger(workflow_id, {"url": place})) for place in places]
    for place, execution_id in running:
        item = org.until(workflow_id, execution_id)
        assert item["status"] == "FAILED", place
        assert incident(item)["code"] in ("BAD_INPUT", "EGRESS_DENIED"), place
    assert len([line for line in sink.lines() if line["path"] in ("/", "")]) == 0
    assert len(sink.lines()) >= before


def test_a_redirect_to_a_forbidden_place_is_not_followed(
    org: Organization, sink: Sink, server: Server, url: Scripted
) -> None:
    for number, place in enumerate(
        (f"http://127.0.0.1:{server.port}/healthz/live", "http://169.254.169.254/", "file:///etc/passwd")
    ):
        address = url(f"r{number}", {"status": 302, "headers": {"location": place}})
        item = org.run(definition(http(address)), None)
        shown = json.dumps(item["workflow_output_payload"])
        assert '"live"' not in shown
        assert "root:" not in shown


def test_a_redirect_loop_ends(org: Organization, sink: Sink, url: Scripted) -> None:
    address = url("loop")
    url("loop", {"status": 302, "headers": {"location": address}})
    org.run(definition(http(address)), None)
    assert 1 <= len(asked(sink, org, "loop")) <= 21


def test_a_redirect_takes_no_credentials_to_another_host(org: Organization, sink: Sink, url: Scripted) -> None:
    address = url("from")
    elsewhere = url("to").replace("127.0.0.1", "localhost")
    url("from", {"status": 302, "headers": {"location": elsewhere}})
    org.run(definition(http(address, auth={"type": "bearer", "token": "${payload.output.t}"})), {"t": "token-canary"})
    for line in asked(sink, org, "to"):
        assert "authorization" not in line["headers"]


def test_an_answer_that_is_too_large_fails_its_step(org: Organization, url: Scripted) -> None:
    item = org.run(definition(http(url("big", {"size": 10 * 1024 * 1024 + 1}))), None, "FAILED")
    assert incident(item)["code"] == "RESPONSE_TOO_LARGE"


def test_answers_over_the_data_document_fail_their_step(org: Organization, url: Scripted) -> None:
    address = url("big", {"size": 5 * 1024 * 1024, "headers": {"content-type": "text/plain"}})
    item = org.run(definition(http(address, "http_1"), http(address, "http_2")), None, "FAILED")
    assert (incident(item)["state"], incident(item)["code"]) == ("http_2", "DOCUMENT_TOO_LARGE")


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "{broken", "headers": {"content-type": "application/json"}},
        {"text": '{"a":1,"a":2}', "headers": {"content-type": "application/json"}},
        {"text": '{"a":NaN}', "headers": {"content-type": "application/json"}},
        {"text": "[" * 5000, "headers": {"content-type": "application/json"}},
        {"text": "", "status": 204},
        {"text": "plain", "headers": {"content-type": "text/plain; charset=nonsense"}},
        {"text": "<a><b>1</b></a>", "headers": {"content-type": "application/xml"}},
        {"text": "", "headers": {"content-encoding": "gzip"}},
        {"text": "no gzip", "headers": {"content-encoding": "gzip"}},
    ],
    ids=lambda reply: str(reply.get("text"))[:16] or str(reply)[:30],
)
def test_whatever_another_system_answers_the_execution_settles(
    org: Organization, url: Scripted, reply: dict[str, Any]
) -> None:
    item = org.run(definition(http(url("x", reply)), note()), None)
    assert item["status"] in ("COMPLETED", "FAILED")
    if item["status"] == "FAILED":
        assert incident(item)["code"] == "BAD_RESPONSE"


def connection(org: Organization, base_url: str, **secrets: str) -> None:
    settings = {"base_url": base_url, "user": "looply", "client": "100"}
    body = {"name": "S4", "kind": "sap", "settings": settings, "secrets": {"password": "pw", **secrets}}
    made = org.post("createConnection", body)
    assert made.status_code == 200, made.text


def test_sap_that_is_down_fails_the_step_after_its_attempts_and_was_never_reached(
    org: Organization, closed_port: int
) -> None:
    connection(org, f"http://127.0.0.1:{closed_port}")
    step = sap(method="PATCH", body={"Status": "05"}, step={"retry": {"max_attempts": 3, "interval": "PT0.05S"}})
    item = org.run(definition(step), None, "FAILED")
    found = incident(item)
    assert (found["state"], found["code"]) == ("sap_1", "CONNECTION")
    assert item["condensed_logs"]["sap_1"][0]["attempt"] == 3


def test_sap_gets_a_token_a_session_and_its_client(org: Organization, sink: Sink, url: Scripted) -> None:
    root = url("sap/")
    url("sap/", {"headers": {"x-csrf-token": "csrf-canary", "set-cookie": "SAP_SESSIONID=cookie-canary; path=/"}})
    url("sap/$metadata", {"text": V2.decode(), "headers": {"content-type": "application/xml"}})
    url("sap/Order('1')", {"status": 204, "text": ""})
    connection(org, sink.address)
    service = root.removeprefix(sink.address).rstrip("/")
    item = org.run(definition(sap(service_path=service, method="PATCH", body={"a": 1})))
    metadata, fetch, change = sink.lines(service)
    assert (metadata["method"], metadata["target"]) == ("GET", f"{service}/$metadata?sap-client=100")
    assert (fetch["method"], fetch["headers"]["x-csrf-token"].lower()) == ("HEAD", "fetch")
    assert (change["method"], change["headers"]["x-csrf-token"]) == ("PATCH", "csrf-canary")
    assert "cookie-canary" in change["headers"]["cookie"]
    assert "sap-client=100" in change["target"]
    assert item["workflow_output_payload"]["sap_1"]["output"]["status"] == "204"
    assert "canary" not in json.dumps(item)


def test_credentials_of_a_connection_go_to_its_host_only(org: Organization, sink: Sink) -> None:
    settings = {"base_url": "https://api.example.com", "auth": "bearer"}
    body = {"name": "API", "kind": "http", "settings": settings, "secrets": {"token": "token-canary"}}
    assert org.post("createConnection", body).status_code == 200
    item = org.run(definition(http(f"{sink.address}/{org.organization_id}/steal", connection="API")), None, "FAILED")
    assert incident(item)["code"] == "BAD_INPUT"
    assert sink.lines(f"/{org.organization_id}/steal") == []
    assert "token-canary" not in json.dumps(item)


def test_a_failed_execution_disturbs_no_other_and_keeps_what_it_had(org: Organization, url: Scripted) -> None:
    workflow_id = org.create(definition(note("note_1", 1), http(url("x", {"status": 500}), fail_on=["5xx"])))
    failed = [org.trigger(workflow_id, process_id=f"P{number}") for number in range(5)]
    for execution_id in failed:
        item = org.until(workflow_id, execution_id, "FAILED")
        assert item["workflow_output_payload"]["payload"]["output"]["note_1"] == 1
    # A failed execution has ended: its process id is free.
    assert org.trigger(workflow_id, process_id="P1") not in failed


def test_timers_fire_in_time_while_others_are_set(org: Organization) -> None:
    delay = {"id": "delay_1", "type": "delay", "settings": {"for": "${payload.output.for}"}}
    workflow_id = org.create(definition(delay))
    started = []
    for number in range(150):
        seconds = 0.05 + number % 20 * 0.05
        started.append((seconds, org.trigger(workflow_id, {"for": f"PT{seconds:.2f}S"})))
    late = []
    for seconds, execution_id in started:
        events = org.until(workflow_id, execution_id, "COMPLETED")["workflow_event_log"]["events"]
        waited = (events[-1]["timestamp"] - events[0]["timestamp"]) / 1000
        assert waited >= seconds - 0.001
        late.append(waited - seconds)
    # One that was forgotten would fire when the pump looks again by itself, after a minute.
    assert max(late) < 45


def test_a_timer_that_is_set_just_after_another_fired_is_not_forgotten(
    org: Organization, sink: Sink, url: Scripted
) -> None:
    retry = {"max_attempts": 60, "interval": "PT0.01S", "backoff": 1.0}
    workflow_id = org.create(definition(http(url("x", {"status": 503}), step={"retry": retry})))
    execution_id = org.trigger(workflow_id)
    # The pump looks again by itself after a minute.
    org.until(workflow_id, execution_id, "COMPLETED", seconds=50)
    assert len(asked(sink, org, "x")) == 60
