"""Connections of kind `teams`: what they may be, what their secret is bound to, their test, and what they cost."""

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import looply
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import Check, ConnectionValues
from looply.connectors.teams.calls.settings import account_of
from looply.connectors.teams.connector import CONNECTOR
from looply.demo.teams.graph import INSTALL
from looply.demo.teams.signing import Key
from looply.demo.teams.simulator import APP, SECRET, TENANT, TeamsSimulator
from looply.demo.teams.wire import Reply, error
from looply.errors import BadInput

(KIND,) = CONNECTOR.connection_kinds
SOURCE = Path(looply.__file__).parent
PLAIN: dict[str, Any] = {"tenant_id": TENANT, "app_id": APP}


def problems(settings: dict[str, Any], **secrets: str) -> list[str]:
    return [each.path for each in KIND.problems(settings, secrets or {"client_secret": "x"})]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({}, []),
        ({"cloud": "gcc_high", "people": "graph"}, []),
        ({"tenant_id": "contoso"}, ["/settings/tenant_id"]),
        ({"app_id": f"{APP}\n"}, ["/settings/app_id"]),
        ({"catalog_app_id": "x"}, ["/settings/catalog_app_id"]),
        ({"cloud": "moon"}, ["/settings/cloud"]),
        ({"endpoints": {"login": "https://login.example"}}, ["/settings/endpoints"]),
        (
            {"cloud": "other"},
            [f"/settings/endpoints/{each}" for each in ("login", "graph", "service", "openid", "issuer")],
        ),
        ({"unknown": 1}, ["/settings"]),
    ],
)
def test_settings_are_checked_when_they_are_saved(changes: dict[str, Any], paths: list[str]) -> None:
    assert problems({**PLAIN, **changes}) == paths


def test_a_secret_is_needed_and_addresses_of_another_system_are_checked(teams: TeamsSimulator) -> None:
    assert problems(PLAIN, client_secret="") == ["/secrets/client_secret"]
    settings = teams.settings()
    assert problems(settings) == []
    settings["endpoints"]["graph"] = "ftp://x"
    assert problems(settings) == ["/settings/endpoints/graph"]


@pytest.mark.parametrize("cloud", ["public", "gcc", "gcc_high", "dod"])
def test_the_secret_is_bound_to_the_hosts_of_its_cloud_and_to_the_application(cloud: str) -> None:
    assert KIND.binding is not None
    bound = KIND.binding({**PLAIN, "cloud": cloud})
    assert {scheme for scheme, _, _ in bound.targets} == {"https"}
    assert bound.manner == {"tenant_id": TENANT, "app_id": APP}
    assert KIND.binding({**PLAIN, "cloud": cloud, "tenant_id": TENANT.replace("1", "2")}) != bound
    account = account_of(ConnectionValues(name="T", kind="teams", settings={**PLAIN, "cloud": cloud}))
    assert account.takes_service(account.places.service)
    assert not account.takes_service("https://smba.trafficmanager.net.evil.example/teams")
    assert not account.takes_service("http://smba.trafficmanager.net/teams")


def test_a_service_address_of_any_region_is_taken_and_shown_names_have_no_secret() -> None:
    values = ConnectionValues(name="T", kind="teams", settings=PLAIN, secrets={"client_secret": "hidden"})
    account = account_of(values)
    assert all(account.takes_service(f"https://smba.trafficmanager.net/{each}/") for each in ("emea", "amer", "de"))
    assert "hidden" not in repr(account)
    assert "hidden" not in repr(account.bot_grant)
    assert str(account.bot_grant.url) == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    with pytest.raises(BadInput):
        account_of(replace(values, kind="http"))


def test_two_bots_of_one_tenant_are_two_systems() -> None:
    assert KIND.target is not None
    one = KIND.target(PLAIN)
    assert one == f"https://smba.trafficmanager.net:443#{TENANT}/{APP}"
    assert KIND.target({**PLAIN, "app_id": TENANT}) != one
    assert KIND.target({**PLAIN, "app_id": APP.upper()}) == one


@pytest.fixture
def results(teams: TeamsSimulator, caller: Any) -> Callable[..., Any]:
    async def run(secret: str = SECRET, **changes: Any) -> Sequence[Check]:
        values = ConnectionValues(
            name="T", kind="teams", settings=teams.settings(**changes), secrets={"client_secret": secret}
        )
        assert KIND.test is not None
        context = replace(caller, dialer=GuardedDialer(EgressPolicy(("127.0.0.0/8",))))
        return await KIND.test(context, values, "")

    return run


@pytest.fixture
def check(results: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*given: str, **changes: Any) -> dict[str, tuple[str, str]]:
        return {each.name: (each.state, each.text) for each in await results(*given, **changes)}

    return run


async def test_a_connection_that_works_passes_every_check_and_sends_no_message(
    teams: TeamsSimulator, check: Callable[..., Any]
) -> None:
    found = await check(people="graph")
    states = {name: state for name, (state, _) in found.items()}
    assert states == {
        "dns": "ok",
        "tcp": "ok",
        "tls": "skipped",
        "logon": "ok",
        "keys": "ok",
        "rights": "ok",
        "catalog": "ok",
        "clock": "skipped",
    }
    assert teams.count("POST", "/v3/") == teams.count("POST", "/graph/") == 0
    without = await check()
    assert [without[name][0] for name in ("rights", "catalog")] == ["skipped", "skipped"]


async def test_what_a_test_says_are_sentences_without_names_of_settings(
    teams: TeamsSimulator, results: Callable[..., Any]
) -> None:
    found = [*await results(people="graph"), *await results(), *await results("not-the-secret")]
    teams.graph.catalog.clear()
    found += await results(people="graph")
    teams.graph.rights.discard(INSTALL)
    found += await results(people="graph")
    teams.keys = [Key("main", ["webchat"])]
    found += await results()
    said = [each.text for each in found if each.name in ("keys", "rights", "catalog") and each.state != "skipped"]
    said += [each.text for each in found if "Graph" in each.text] + [each.fix for each in found if each.fix]
    assert len(set(said)) >= 9
    assert [text for text in said if not re.fullmatch(r"[A-Z0-9][^`]*\.", text)] == []


async def test_a_wrong_secret_fails_the_logon_and_skips_the_rest(check: Callable[..., Any]) -> None:
    found = await check("not-the-secret", people="graph")
    assert (found["logon"][0], found["keys"][0], found["rights"][0]) == ("failed", "skipped", "skipped")
    assert "not-the-secret" not in str(found)


async def test_keys_that_cannot_be_read_or_sign_for_other_channels_fail(
    teams: TeamsSimulator, check: Callable[..., Any]
) -> None:
    teams.fault = lambda request: error(503, "Down") if "keys" in request.target else None
    assert (await check())["keys"][0] == "failed"
    teams.fault = lambda request: Reply(200, "text") if "openid" in request.target else None
    assert (await check())["keys"][0] == "failed"
    teams.fault = lambda _: None
    teams.keys = [Key("main", ["webchat"]), Key("bare", None)]
    assert (await check())["keys"] == ("failed", "None of 2 keys may sign for Teams.")


async def test_each_right_that_is_missing_is_named(teams: TeamsSimulator, check: Callable[..., Any]) -> None:
    teams.graph.rights.discard(INSTALL)
    assert (await check(people="graph"))["rights"] == ("failed", f"The application lacks the rights {INSTALL}.")


async def test_an_app_that_is_not_in_the_catalog_is_a_warning(teams: TeamsSimulator, check: Callable[..., Any]) -> None:
    teams.graph.catalog.clear()
    assert (await check(people="graph"))["catalog"][0] == "warning"


def reached(module: str) -> set[str]:
    """Returns the modules that importing one imports, of ours through others."""
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        path = SOURCE.parent / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not name.startswith("looply") or not file.is_file():
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            pending += [each for each in names if each not in found]
            found.update(names)
    return found


def test_a_process_that_uses_no_teams_loads_nothing_of_it_but_the_kind_of_connection() -> None:
    found = reached("looply.connectors.teams.connector")
    own = {name for name in found if name.startswith("looply.connectors.teams.")}
    assert own == {
        "looply.connectors.teams.checks",
        "looply.connectors.teams.calls.answers",
        "looply.connectors.teams.calls.graph",
        "looply.connectors.teams.calls.people",
        "looply.connectors.teams.calls.sending",
        "looply.connectors.teams.calls.settings",
    }
    assert not {name.split(".")[0] for name in found} & {"joserfc", "authlib", "zipfile", "zlib"}
