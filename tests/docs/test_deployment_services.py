"""The Compose file and the systemd units match the product and each other, as far as static checks can show."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from deployment_files import (
    DEPLOY,
    UNITS,
    VARIABLE,
    composition,
    containerfile,
    filled,
    seconds,
    texts,
    unit,
)
from docs_pages import ROOT
from psycopg.conninfo import conninfo_to_dict

from looply.cli.command_line import parse
from looply.cli.terminal.failures import SERVE_STATUSES, USAGE
from looply.errors import DataFolderInUse, SchemaMismatch, StoreCorrupt
from looply.server.administration.health import ROUTES as HEALTH_ROUTES
from looply.settings import TABLE, load_settings

COMPOSITION = composition()
SERVICES: Mapping[str, dict[str, Any]] = COMPOSITION["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("looply:")]
LONG = [name for name, service in SERVICES.items() if str(service["restart"]) not in ("no", "on-failure:6")]
VARIABLES = {row.variable for row in TABLE.values()}
DRAIN = TABLE["drain_seconds"].default
LONGEST_WAIT_SECONDS = 60

# The keys of the Compose Specification that the file uses. Another one is either misspelled or belongs here.
TOP = {"name", "services", "secrets", "networks", "volumes"}
KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "entrypoint", "environment", "healthcheck", "image",
    "init", "logging", "networks", "ports", "profiles", "read_only", "restart", "secrets", "security_opt", "shm_size",
    "stop_grace_period", "stop_signal", "tmpfs", "volumes", "working_dir",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "start_period", "retries", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


# The composition


def test_the_composition_uses_keys_of_the_specification() -> None:
    assert {key for key in COMPOSITION if not key.startswith("x-")} <= TOP
    assert {key for service in SERVICES.values() for key in service} <= KEYS
    assert {key for service in SERVICES.values() for key in service.get("healthcheck", {})} <= HEALTH_KEYS


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_conditions_that_can_be_met(name: str) -> None:
    for other, expected in SERVICES[name].get("depends_on", {}).items():
        assert expected.keys() == {"condition"}
        assert expected["condition"] in CONDITIONS
        if expected["condition"] == "service_healthy":
            assert "test" in SERVICES[other]["healthcheck"]
        if expected["condition"] == "service_completed_successfully":
            assert other not in LONG


@pytest.mark.parametrize("kind", ["networks", "secrets"])
def test_what_services_name_is_declared_and_what_is_declared_is_used(kind: str) -> None:
    used = {item for service in SERVICES.values() for item in service.get(kind, [])}
    assert used == COMPOSITION[kind].keys()


def test_volumes_are_declared_or_are_files_of_the_tree() -> None:
    sources = [text.split(":")[0] for service in SERVICES.values() for text in service.get("volumes", [])]
    files = [source for source in sources if source.startswith("./")]
    assert {source for source in sources if source not in files} == COMPOSITION["volumes"].keys()
    assert [source for source in files if not (DEPLOY / source).is_file()] == []


def test_the_image_is_built_from_the_containerfile_of_the_tree() -> None:
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (DEPLOY / build["context"]).resolve() == ROOT
        assert (ROOT / build["dockerfile"]).is_file()


def test_ports_are_open_on_the_loopback_address_alone() -> None:
    ports = [filled(text) for service in SERVICES.values() for text in service.get("ports", [])]
    assert [text for text in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", text)] == []
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy", "temporal-ui"}


def test_databases_and_temporal_have_no_way_in_or_out() -> None:
    assert COMPOSITION["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "temporal", "temporal-postgres"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_every_variable_has_a_default_or_says_what_to_do() -> None:
    found = [match for text in texts(COMPOSITION) for match in VARIABLE.finditer(text)]
    assert {match[1]: match[2] for match in found if match[2] is None or (match[2] == ":?" and not match[3])} == {}
    assert {match[1] for match in found if match[2] == ":?"} == {"TEMPORAL_DATABASE_PASSWORD"}
    bare = [text for text in texts(COMPOSITION) if re.search(r"(?<![$\w])\$[A-Za-z]", text)]
    assert bare == [], "a shell's variable is written with two dollars"


def test_no_password_has_a_default() -> None:
    named = {
        (name, key): str(text)
        for name, service in SERVICES.items()
        for key, text in service.get("environment", {}).items()
        if re.search(r"PASSWORD|PWD|KEY|SECRET|TOKEN", key)
    }
    assert len(named) == 4
    for (name, key), text in named.items():
        if key.endswith("_FILE"):
            assert text.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
        else:
            assert text.startswith("${TEMPORAL_DATABASE_PASSWORD:?"), (name, key)


@pytest.mark.parametrize("name", OURS)
def test_a_process_of_ours_has_no_writable_files_and_no_capabilities(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "looply.toml" in service["secrets"]
    assert seconds(service["stop_grace_period"]) > DRAIN


@pytest.mark.parametrize("name", OURS)
def test_a_process_of_ours_starts_with_settings_that_are_accepted(name: str, tmp_path: Path) -> None:
    service = SERVICES[name]
    subprocess.run(["sh", str(DEPLOY / "make-secrets.sh"), str(tmp_path)], check=True, capture_output=True, timeout=60)
    given = {key: filled(str(text)) for key, text in service["environment"].items()}
    assert given.keys() <= VARIABLES
    environment = {**containerfile().last.environment(), **given}
    settings = load_settings(
        file=tmp_path / "secrets" / "looply.toml",
        environment={key: text for key, text in environment.items() if key in VARIABLES},
    )
    assert settings.engine == "distributed"
    assert settings.database is not None
    address = conninfo_to_dict(settings.database.reveal())
    database = SERVICES[str(address["host"])]["environment"]
    assert (address["user"], address["dbname"]) == (database["POSTGRES_USER"], database["POSTGRES_DB"])
    host, port = settings.temporal_address.split(":")
    assert port in SERVICES[host]["healthcheck"]["test"]
    assert settings.temporal_namespace == filled(SERVICES["temporal-namespace"]["environment"]["TEMPORAL_NAMESPACE"])


@pytest.mark.parametrize("name", OURS)
def test_a_process_of_ours_runs_an_existing_command(name: str) -> None:
    parse(SERVICES[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_orphaned_processes_of_functions_are_reaped(name: str) -> None:
    # Without an init process ours has the id 1 in the container, and orphans would stay in its process table.
    assert SERVICES[name]["init"] is True


def test_several_servers_and_several_workers_run() -> None:
    servers = [name for name in OURS if SERVICES[name]["command"][0] == "serve"]
    assert len(servers) == 2
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    # Each of them starts in the folder of its settings, as every command of the image does.
    assert {SERVICES[name]["working_dir"] for name in OURS} == {"/run/secrets"}


def test_a_worker_is_healthy_once_it_has_written_its_ready_file() -> None:
    command, test = SERVICES["worker"]["command"], SERVICES["worker"]["healthcheck"]["test"]
    assert command[command.index("--ready-file") + 1] == test[-1]
    assert test[-1].startswith(SERVICES["worker"]["tmpfs"][0].split(":")[0])


@pytest.mark.parametrize("name", LONG)
def test_long_running_services_restart_and_limit_their_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


# The proxy


def proxy_lines(word: str) -> list[list[str]]:
    lines = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8").splitlines()
    return [line.split() for line in lines if line.split()[:1] == [word]]


def test_the_proxy_sends_to_the_existing_servers() -> None:
    servers = {line[2] for line in proxy_lines("server")}
    port = containerfile().last.environment()["LOOPLY_PORT"]
    assert servers == {f"{name}:{port}" for name in OURS if SERVICES[name]["command"] == ["serve"]}
    assert SERVICES["proxy"]["depends_on"].keys() == {server.split(":")[0] for server in servers}


def test_the_proxy_asks_servers_whether_they_are_ready() -> None:
    (sent,) = [line for line in proxy_lines("http-check") if line[1] == "send"]
    assert sent[sent.index("uri") + 1] in {route.path for route in HEALTH_ROUTES}


def test_the_proxy_waits_longer_than_the_longest_call_and_repeats_none() -> None:
    times = {line[1]: line[2] for line in proxy_lines("timeout")}
    assert float(times["server"].removesuffix("s")) > LONGEST_WAIT_SECONDS
    assert proxy_lines("retry-on") == [["retry-on", "conn-failure"]]
    assert seconds(SERVICES["proxy"]["stop_grace_period"]) > LONGEST_WAIT_SECONDS


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
def test_haproxy_accepts_its_configuration() -> None:
    done = subprocess.run(
        ["haproxy", "-c", "-f", str(DEPLOY / "haproxy.cfg")], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


# The units of systemd


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_starts_an_existing_command_with_an_example_of_settings(file: Path) -> None:
    program, *command = unit(file).last("ExecStart").replace("%i", "8080").replace("%t", "/run").split()
    assert program == "/opt/looply/bin/looply"
    _, arguments, _ = parse(command)
    assert str(arguments.arguments["settings"]) == "/etc/looply/looply.toml"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_is_not_started_again_where_only_a_person_can_help(file: Path) -> None:
    found = {int(status) for status in unit(file).last("RestartPreventExitStatus").split()}
    hopeless = {USAGE, SERVE_STATUSES[StoreCorrupt], SERVE_STATUSES[SchemaMismatch]}
    # Alone on a folder or a database an operator must find the other process. Among many, the next start may succeed.
    alone = {SERVE_STATUSES[DataFolderInUse]} if file.name == "looply.service" else set()
    assert found == hopeless | alone
    assert unit(file).last("Restart") == "on-failure"
    assert unit(file).last("StartLimitIntervalSec", "Unit") == "0"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_gives_a_process_the_time_to_drain(file: Path) -> None:
    assert float(unit(file).last("TimeoutStopSec")) > DRAIN


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_a_unit_may_write_to_its_own_folder_alone(file: Path) -> None:
    described = unit(file)
    expected = {
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "UMask": "0077",
    }
    assert {key: described.last(key) for key in expected} == expected
    assert described.last("User") not in ("root", "0")
    assert described.all("ReadWritePaths") == []


def test_a_worker_can_read_the_memory_of_its_machine() -> None:
    """The library of Temporal reads /proc/meminfo; without it, the thread that reads it dies."""
    assert unit(DEPLOY / "systemd" / "looply-worker@.service").last("ProcSubset") == "all"


def test_the_unit_of_one_machine_has_the_folder_of_its_example() -> None:
    described = unit(DEPLOY / "systemd" / "looply.service")
    example = tomllib.loads((DEPLOY / "settings" / "embedded.toml").read_text(encoding="utf-8"))
    assert f"/var/lib/{described.last('StateDirectory')}" == example["data"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for file in UNITS:
        # An instance of a template, and an existing program: the installed one does not exist on a test machine.
        text = file.read_text(encoding="utf-8").replace("/opt/looply/bin/looply", shutil.which("true") or "")
        (tmp_path / file.name.replace("@.", "@8080.")).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (0, "")
