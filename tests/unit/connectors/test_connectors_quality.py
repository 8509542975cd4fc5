"""`QUALITY.md` says of each connector which rules it keeps; each cell is compared with what the connector does."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import httpx2
import msgspec
import pytest

import looply.connectors
from kit.definitions import chain, step
from kit.execution.starts import start_of
from kit.memory.mock_transport import MockTransport
from kit.servers.mail_server import Inbox, MailServer
from looply.clock import Clock
from looply.connectors.client import HttpClient
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import ConnectionKind, Connector
from looply.connectors.registry import load_connectors
from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.values.repeat import REPEATS
from looply.engine.effects.worker import Worker, WorkerResources
from looply.errors import OperationError
from looply.execution import advance
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.jsontext import Json
from looply.testing.clock import START_TIME
from looply.testing.world import FakeConnections

Cell = Literal["yes", "no", "none"]

ROOT: Final = Path(__file__).parents[3]
LINES = (Path(looply.connectors.__file__).parent / "QUALITY.md").read_text("utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("|")]
RULES = [row[0] for row in ROWS if len(row) == 2 and row[0] not in ("rule", "case", "---") and "`test_" not in row[1]]
TABLE = [row for row in ROWS if len(row) > 3 and row[0] != "---"]
REASONS = [row for row in ROWS if len(row) == 3 and row[0] not in ("connector", "---")]
STATUS = {row[0]: dict(zip(TABLE[0][1:], row[1:], strict=True)) for row in TABLE[1:]}
REGISTRY = load_connectors()
CONNECTORS: dict[str, Connector] = {connector.name: connector for connector in REGISTRY.connectors}

SECRET: Final = "hunter2-hunter2"
PORT: Final = 9
"""Nothing listens there: the fake transports never look."""
INPUTS: Final[dict[str, dict[str, Json]]] = {
    "email": {"connection": "X", "to": "ann@example.com", "subject": "An order", "text": "Hi"},
    "function": {"language": "python", "code": "return 1"},
    "http": {"connection": "X", "url": "/orders", "method": "GET"},
    "sap": {"connection": "X", "service_path": "/sap/opu/odata/orders", "entity": "A_Order", "method": "GET"},
}
SETTINGS: Final[dict[str, dict[str, Json]]] = {
    "email": {"host": "127.0.0.1", "port": PORT, "tls": "none", "from": "orders@example.com"},
    "http": {"base_url": "https://api.example", "auth": "bearer"},
    "sap": {"base_url": "https://sap.example:44300", "user": "buyer"},
    "teams": {
        "tenant_id": "11111111-2222-3333-4444-555555555555",
        "app_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "cloud": "other",
        "endpoints": {
            **{name: f"https://{name}.example" for name in ("login", "graph", "service", "openid")},
            "issuer": "https://issuer.example",
        },
    },
}
SECRETS: Final = {
    "email": {"password": SECRET},
    "http": {"token": SECRET},
    "sap": {"password": SECRET},
    "teams": {"client_secret": SECRET},
}
FURTHER_KINDS: Final[dict[str, tuple[dict[str, Any], dict[str, str]]]] = {
    "graph_mail": (
        {
            "tenant_id": "11111111-2222-3333-4444-555555555555",
            "client_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "from": "orders@example.com",
            "cloud": "other",
            "endpoints": {name: f"https://{name}.example" for name in ("login", "graph")},
        },
        {"client_secret": SECRET},
    )
}
"""The settings and the secrets of kinds that are not the first of their connector."""
WITHOUT_OPERATIONS: Final = tuple(name for name, connector in CONNECTORS.items() if not connector.operations)
"""Connectors that bring cards only: no step calls them."""
PEERS: Final = {
    "email": ("tests/kit/servers/mail_server.py", "from aiosmtpd"),
    "http": ("tests/unit/connectors/peers/test_peers_oauth2_mock_server.py", 'MODULES / "oauth2-mock-server"'),
    "sap": ("tests/unit/connectors/peers/test_peers_mock_sap.py", "from mocksap"),
    "teams": ("tests/unit/connectors/peers/test_peers_microsoft_teams.py", "from microsoft_teams"),
}
"""Where tests run against a peer of other authors, and how the file imports or starts it."""


def test_every_connector_has_a_status_for_every_rule() -> None:
    assert STATUS.keys() == CONNECTORS.keys()
    for status in STATUS.values():
        assert list(status) == RULES
        assert set(status.values()) <= {"yes", "no", "none"}


def test_every_no_has_a_reason() -> None:
    broken = [(name, rule) for name, status in STATUS.items() for rule, cell in status.items() if cell == "no"]
    assert sorted((name, rule) for name, rule, _ in REASONS) == sorted(broken)
    assert [row for row in REASONS if not row[2]] == []


def test_the_grade_of_a_connector_follows_from_its_rules() -> None:
    stated = dict(re.findall(r"^- (\w+): grade ([ABC])", "\n".join(LINES), re.MULTILINE))
    missed = {name: [rule for rule, cell in status.items() if cell == "no"] for name, status in STATUS.items()}
    assert stated == {name: "ABC"[min(len(rules), 2)] for name, rules in missed.items()}
    named = dict(re.findall(r"^- (\w+): grade [BC] \((.*)\)", "\n".join(LINES), re.MULTILINE))
    assert named == {name: ", ".join(rules) for name, rules in missed.items() if rules}


def test_the_page_names_the_test_of_each_rule() -> None:
    named = dict(re.findall(r"^- ([\w-]+): `(test_\w+)`$", "\n".join(LINES), re.MULTILINE))
    text = Path(__file__).read_text("utf-8")
    assert list(named) == RULES
    parts = {rule: text.partition(f"def {name}(")[2].partition("\n\n\n")[0] for rule, name in named.items()}
    assert [rule for rule, body in parts.items() if f'column("{rule}")' not in body] == []


def test_every_rule_has_a_test() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [rule for rule in RULES if f'column("{rule}")' not in text] == []


def column(rule: str) -> dict[str, str]:
    """Returns what the page says of a rule, by connector."""
    return {name: status[rule] for name, status in STATUS.items()}


def cells(judge: Callable[[Connector], Cell]) -> dict[str, Cell]:
    """Returns what is found, by connector."""
    return {name: judge(CONNECTORS[name]) for name in STATUS}


def yes(*, is_kept: bool) -> Cell:
    return "yes" if is_kept else "no"


def has_fields(*schemas: dict[str, Any]) -> bool:
    return all(schema.get("$defs") for schema in schemas)


def kind_of(connector: Connector) -> str:
    return next((kind.name for kind in connector.connection_kinds), "")


def values_of(connector: Connector, kind: ConnectionKind) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns settings and secrets for a kind of connection of a connector."""
    return FURTHER_KINDS.get(kind.name, (SETTINGS[connector.name], SECRETS[connector.name]))


def test_inputs_and_outputs_are_typed_where_it_says_so() -> None:
    def judge(connector: Connector) -> Cell:
        schemas = [(each.input_schema, each.output_schema) for each in connector.operations]
        return "none" if not schemas else yes(is_kept=all(has_fields(*both) for both in schemas))

    assert cells(judge) == column("typed-input")


def test_connections_are_checked_where_it_says_so() -> None:
    def judge(connector: Connector) -> Cell:
        if not connector.connection_kinds:
            return "none"
        return yes(is_kept=all(is_checked(connector, kind) for kind in connector.connection_kinds))

    def is_checked(connector: Connector, kind: ConnectionKind) -> bool:
        given, secrets = values_of(connector, kind)
        assert kind.problems(given, secrets) == ()
        typed = has_fields(kind.settings_schema, kind.secrets_schema)
        strict = kind.problems({**given, "unknown": 1}, secrets) and kind.problems(given, {**secrets, "unknown": "x"})
        return typed and bool(strict)

    assert cells(judge) == column("connection-check")


def test_operations_say_whether_a_call_may_be_repeated_where_it_says_so() -> None:
    def judge(connector: Connector) -> Cell:
        if not connector.operations:
            return "none"
        given = INPUTS[connector.name]
        inputs = ({}, given, dict.fromkeys(given, "${payload.output}"), dict.fromkeys(given))
        # Not `repeat_of`, which replaces what an operation does wrong.
        said = [
            each.repeat(input_) if callable(each.repeat) else each.repeat
            for each in connector.operations
            for input_ in inputs
        ]
        return yes(is_kept=all(repeat in REPEATS for repeat in said))

    assert cells(judge) == column("repeat-stated")


async def failure_of(name: str, wiring: Any) -> Exception | None:
    """Returns the error of a call whose connection cannot be made; None when it returns."""
    if name != "function":
        wiring.add("X", kind_of(CONNECTORS[name]), SETTINGS[name], SECRETS[name])
    wiring.answer(httpx2.ConnectError("refused"))
    context = replace(wiring.context(), dialer=GuardedDialer(EgressPolicy((f"127.0.0.1:{PORT}",))))
    try:
        await CONNECTORS[name].operations[0].perform(context, INPUTS[name])
    except Exception as error:
        return error
    return None


async def test_failed_connections_are_errors_that_say_that_nothing_was_sent_where_it_says_so(wiring: Any) -> None:
    found: dict[str, Cell] = dict.fromkeys(("function", *WITHOUT_OPERATIONS), "none")
    for name in STATUS.keys() - found:
        error = await failure_of(name, wiring)
        found[name] = yes(is_kept=isinstance(error, OperationError) and not error.sent)
    assert found == column("error-mapping")


async def test_retry_after_reaches_the_output_where_it_says_so(wiring: Any) -> None:
    found: dict[str, Cell] = dict.fromkeys(("function", "email", *WITHOUT_OPERATIONS), "none")
    for name in STATUS.keys() - found:
        wiring.add("X", kind_of(CONNECTORS[name]), SETTINGS[name], SECRETS[name])
        wiring.answer(httpx2.Response(429, headers={"Retry-After": "7"}))
        operation = CONNECTORS[name].operations[0]
        output = await operation.perform(wiring.context(), INPUTS[name])
        verdict = operation.verdict_on(INPUTS[name], output, START_TIME)
        found[name] = yes(is_kept=verdict is not None and verdict.retry_after_seconds == 7)
    assert found == column("honours-retry-after")


LOGON: Final = httpx2.Response(200, headers={"content-type": "text/html"}, text='<form><input type="password"></form>')
LOCK: Final = httpx2.Response(423, json={"error": {"code": "L/1", "message": "locked"}})


async def test_answers_are_judged_where_it_says_so(wiring: Any) -> None:
    found: dict[str, Cell] = dict.fromkeys(("function", "email", *WITHOUT_OPERATIONS), "none")
    for name in STATUS.keys() - found:
        wiring.add("X", kind_of(CONNECTORS[name]), SETTINGS[name], SECRETS[name])
        operation = CONNECTORS[name].operations[0]
        wiring.answer(LOGON, LOCK)
        verdicts = [
            operation.verdict_on(INPUTS[name], await operation.perform(wiring.context(), INPUTS[name]), START_TIME)
            for _ in range(2)
        ]
        said = [(verdict.failure, verdict.far.kind, verdict.far.code) for verdict in verdicts if verdict is not None]
        found[name] = yes(is_kept=said == [("AUTH_FAILED", "auth", ""), ("", "locked", "L/1")])
    assert found == column("judges-answers")


def test_the_tests_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", "\n".join(line for line in LINES if line.startswith("- "))))
    assert len(named) > 25
    sources = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    known = {
        name for source in sources for name in re.findall(r"^\s*(?:async )?def (test_\w+)\(", source, re.MULTILINE)
    }
    assert sorted(named - known) == []


def echoing(request: httpx2.Request) -> httpx2.Response:
    """Returns what the request had, as servers do in their errors, with the secret as text."""
    sent = {**request.headers, "x-text": f"{SECRET} is wrong"}
    return httpx2.Response(200, headers={"x-echo": SECRET}, json=sent)


async def echo_of(connector: Connector, port: int, clock: Clock) -> str:
    """Returns all that a step gets from another system that echoes its credentials."""
    kind = kind_of(connector)
    settings = SETTINGS[connector.name] | ({"port": port} if connector.name == "email" else {})
    connections = FakeConnections()
    connections.put("X", SECRETS[connector.name], kind)
    targets = REGISTRY.targets(kind, settings)
    connections.by_name["X"] = replace(connections.by_name["X"], settings=settings, targets=targets)
    client = HttpClient(MockTransport(echoing))
    resources = WorkerResources(dialer=GuardedDialer(EgressPolicy((f"127.0.0.1:{port}",))))
    worker = Worker(REGISTRY, connections, client.sender, clock, resources)
    outcome = await worker.carry_out(*opened(connector))
    assert isinstance(outcome, EffectDone | EffectFailed)
    return msgspec.json.encode(outcome).decode()


def opened(connector: Connector) -> Any:
    """Returns the state of an execution that calls a connector, and the open step."""
    given = {name: value for name, value in INPUTS[connector.name].items() if name != "connection"}
    settings: dict[str, Json] = {"operation": connector.operations[0].name, "connection": "X", "input": given}
    workflow = chain(step("call_1", "operation", settings))
    started = start_of(workflow, body={})
    state = advance(workflow, None, (started,)).state
    return state, state.open_steps["call_1:1"]


async def test_echoed_credentials_are_masked_where_it_says_so(wiring: Any) -> None:
    server = MailServer(Inbox(answers={"ann@example.com": f"550 {SECRET} is wrong"}))
    await server.start()
    try:
        found: dict[str, Cell] = {}
        for name, connector in CONNECTORS.items():
            has_secrets = bool(connector.operations) and any(kind.has_secrets for kind in connector.connection_kinds)
            echo = await echo_of(connector, server.port, wiring.clock) if has_secrets else ""
            found[name] = yes(is_kept="***" in echo and SECRET not in echo) if has_secrets else "none"
    finally:
        await server.stop()
    assert found == column("redaction")


def test_there_are_tests_against_a_peer_of_other_authors_where_it_says_so() -> None:
    def judge(connector: Connector) -> Cell:
        path, statement = PEERS.get(connector.name, ("", ""))
        return yes(is_kept=bool(path) and statement in (ROOT / path).read_text("utf-8"))

    assert cells(judge) == column("peer-tests")


async def test_connections_can_be_tested_and_the_test_fails_no_caller_where_it_says_so(wiring: Any) -> None:
    found: dict[str, Cell] = {"function": "none"}
    for name in STATUS.keys() - found:
        kept = []
        for kind in CONNECTORS[name].connection_kinds:
            wiring.add("X", kind.name, *values_of(CONNECTORS[name], kind))
            context = replace(wiring.context_without_network(), dialer=GuardedDialer(EgressPolicy()))
            checks = () if kind.test is None else await kind.test(context, wiring.connections["X"], "")
            kept.append(bool(checks) and checks[0].state == "failed" and checks[-1].state == "skipped")
        found[name] = yes(is_kept=all(kept))
    assert found == column("connection-test")


def test_each_case_names_a_test_that_exists() -> None:
    named = [cell.strip("`") for row in ROWS if len(row) == 2 and (cell := row[1]).startswith("`test_")]
    texts = [path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py")]
    assert named
    assert [name for name in named if not any(f"def {name}(" in text for text in texts)] == []


def test_a_page_shows_a_step_that_calls_the_connector_where_it_says_so() -> None:
    pages = [page.read_text("utf-8") for page in (ROOT / "docs" / "how-to").glob("*.md")]

    def judge(connector: Connector) -> Cell:
        names = {each.name for each in connector.operations}
        if not names:
            return "none"
        types = [type_ for type_, row in OPERATION_STEPS.items() if row.operation in names]
        shown = [any(f'"type": "{type_}"' in page for page in pages) for type_ in types]
        return yes(is_kept=bool(shown) and all(shown))

    assert cells(judge) == column("docs-page")


@pytest.mark.parametrize("name", sorted(CONNECTORS.keys() - set(WITHOUT_OPERATIONS)))
def test_the_inputs_of_this_file_fit_their_operations(name: str) -> None:
    msgspec.convert(INPUTS[name], CONNECTORS[name].operations[0].input)
