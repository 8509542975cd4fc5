"""Settings: their sources, the precedence of sources, and the report of all problems at once."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from looply.errors import SettingsError
from looply.limits import DEFAULT_LIMITS, Limits
from looply.settings import TABLE, Secret, Settings, load_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def file_with(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def problems_of(**given: Any) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    return sorted(f"{problem.message} {problem.hint}".strip() for problem in caught.value.problems)


def test_without_anything_given_all_settings_have_their_defaults() -> None:
    assert load_settings() == Settings()


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = file_with(tmp_path, 'port = 1\nhost = "a"\nlog_level = "error"\n')
    environment = {"LOOPLY_PORT": "2", "LOOPLY_HOST": "b"}
    settings = load_settings(file=file, environment=environment, flags={"port": 3, "host": None})
    assert (settings.port, settings.host, settings.log_level) == (3, "b", "error")


def test_the_file_of_the_current_folder_is_read_when_it_exists(tmp_path: Path) -> None:
    (tmp_path / "looply.toml").write_text("port = 1234")
    assert load_settings().port == 1234


def test_every_setting_can_come_from_the_environment() -> None:
    environment = {
        "LOOPLY_DATA": "/srv/looply",
        "LOOPLY_PUBLIC_URL": "https://looply.example/",
        "LOOPLY_EGRESS_ALLOW": "10.0.0.0/8, sap.example:443",
        "LOOPLY_DRAIN_SECONDS": "2.5",
        "LOOPLY_ENCRYPTION_KEY": "c2VjcmV0",
        "LOOPLY_LIMITS_BODY_BYTES": "2048",
        "LOOPLY_LIMITS_ATTEMPT_TIMEOUT_SECONDS": "5",
    }
    settings = load_settings(environment=environment)
    assert settings.data == Path("/srv/looply")
    assert settings.public_url == "https://looply.example"
    assert settings.egress_allow == ("10.0.0.0/8", "sap.example:443")
    assert settings.drain_seconds == 2.5
    assert settings.encryption_key == Secret("c2VjcmV0")
    assert settings.limits == msgspec.structs.replace(
        DEFAULT_LIMITS, body_bytes=2048, attempt_timeout=timedelta(seconds=5)
    )


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ('["10.0.0.0/8", "sap.example:443"]', ("10.0.0.0/8", "sap.example:443")),
        ("10.0.0.0/8,sap.example:443", ("10.0.0.0/8", "sap.example:443")),
        ("[fd12::/16]:443, 10.0.0.0/8", ("[fd12::/16]:443", "10.0.0.0/8")),
        ("[]", ()),
    ],
)
def test_a_list_of_the_environment_has_commas_or_is_json(text: str, items: tuple[str, ...]) -> None:
    assert load_settings(environment={"LOOPLY_EGRESS_ALLOW": text}).egress_allow == items


def test_an_engine_says_what_it_needs_and_by_which_variable() -> None:
    assert problems_of(flags={"engine": "postgres"}) == [
        "engine 'postgres' needs database (LOOPLY_DATABASE), and none is given"
    ]
    missing = problems_of(environment={"LOOPLY_ENGINE": "Distributed", "LOOPLY_DATABASE": "dbname=looply"})
    assert missing == [
        "engine 'distributed' needs encryption_key (LOOPLY_ENCRYPTION_KEY), and none is given",
        "engine 'distributed' needs temporal_address (LOOPLY_TEMPORAL_ADDRESS), and none is given",
    ]


def test_an_installation_of_several_machines_is_configured_by_its_file(tmp_path: Path) -> None:
    lines = (
        'engine = "distributed"',
        'database = "postgresql://looply@db.example/looply"',
        'encryption_key = "c2VjcmV0"',
        'temporal_address = "temporal.example:7233"',
        "temporal_tls = true",
        'temporal_tls_ca = "/etc/looply/ca.pem"',
        'worker_connectors = ["sap"]',
    )
    settings = load_settings(file=file_with(tmp_path, "\n".join(lines)))
    assert (settings.engine, settings.temporal_address) == ("distributed", "temporal.example:7233")
    assert settings.database == Secret("postgresql://looply@db.example/looply")
    assert (settings.temporal_tls, settings.temporal_tls_ca) == (True, Path("/etc/looply/ca.pem"))
    assert (settings.temporal_namespace, settings.temporal_task_queue) == ("default", "looply")
    assert settings.worker_connectors == ("sap",)


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "[::1]:9464", "localhost:0", "127.9.9.9:1", "[::1]:65535"])
def test_metrics_are_open_on_a_loopback_address_without_a_token(address: str) -> None:
    assert load_settings(flags={"metrics_listen": address}).metrics_listen == address


@pytest.mark.parametrize("address", ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464", "looply.example.com:9464"])
def test_metrics_that_others_can_reach_need_a_token(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags={"metrics_listen": address})
    (problem,) = caught.value.problems
    assert problem.path == "/metrics_listen"
    assert "metrics_token" in problem.message
    settings = load_settings(flags={"metrics_listen": address, "metrics_token": "t" * 16})
    assert (settings.metrics_listen, settings.metrics_token) == (address, Secret("t" * 16))


@pytest.mark.parametrize("token", ["t", "t" * 15])
def test_a_token_that_can_be_guessed_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(SettingsError, match=r"metrics_token .* is a secret, expected a text of 16 characters or more"):
        load_settings(flags={"metrics_token": token})


@pytest.mark.parametrize("value", ["10.0.0.1/8", "proxy.example", "10.0.0.0/33", "*"])
def test_what_is_no_address_or_network_is_no_trusted_proxy(value: str) -> None:
    with pytest.raises(SettingsError, match="addresses and networks"):
        load_settings(flags={"trusted_proxies": value})


TENANT = "https://login.microsoftonline.com/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/v2.0"
ORGANIZATION = "01a229f4-fe01-7c53-8cbe-845213316982"


@pytest.mark.parametrize("value", [TENANT, f"={TENANT}", f"{ORGANIZATION}=", f"{ORGANIZATION}=http://a.example/v2.0"])
def test_a_tab_of_teams_names_an_organization_and_an_issuer(value: str) -> None:
    with pytest.raises(SettingsError, match="teams_tabs"):
        load_settings(flags={"teams_tabs": value})
    permitted = (f"{ORGANIZATION}={TENANT}", f"{ORGANIZATION[:-1]}3={TENANT}")
    assert load_settings(flags={"teams_tabs": ",".join(permitted)}).teams_tabs == permitted


def test_trusted_proxies_are_addresses_and_networks() -> None:
    found = load_settings(environment={"LOOPLY_TRUSTED_PROXIES": "10.0.0.7, 2001:db8::/32"})
    assert found.trusted_proxies == ("10.0.0.7", "2001:db8::/32")


@pytest.mark.parametrize(
    "address", ["9464", ":9464", "localhost", "localhost:", "localhost:x", "localhost:65536", "[::1"]
)
def test_what_is_no_host_and_port_is_no_listener(address: str) -> None:
    with pytest.raises(SettingsError, match="host and port"):
        load_settings(flags={"metrics_listen": address})


def test_every_limit_is_a_setting() -> None:
    names = {name.removeprefix("limits.").removesuffix("_seconds") for name in TABLE if name.startswith("limits.")}
    assert names == {field.name for field in msgspec.structs.fields(Limits)}


def test_the_file_has_limits_in_a_table_of_their_own(tmp_path: Path) -> None:
    file = file_with(tmp_path, 'egress_allow = ["10.0.0.0/8"]\n[limits]\nstep_visits = 7\nstretch_time_seconds = 0.5\n')
    settings = load_settings(file=file)
    assert settings.egress_allow == ("10.0.0.0/8",)
    assert (settings.limits.step_visits, settings.limits.stretch_time) == (7, timedelta(seconds=0.5))


def test_an_unknown_key_is_an_error_that_says_what_was_probably_meant(tmp_path: Path) -> None:
    file = file_with(tmp_path, "prot = 1\n[limits]\nbody_byte = 1\n")
    found = problems_of(file=file, environment={"LOOPLY_DRAIN_SECOND": "1"}, flags={"hosts": "x"})
    assert found == [
        "LOOPLY_DRAIN_SECOND (environment) is no setting did you mean 'LOOPLY_DRAIN_SECONDS'?",
        "hosts (flags) is no setting did you mean 'host'?",
        "limits.body_byte (file) is no setting did you mean 'limits.body_bytes'?",
        "prot (file) is no setting did you mean 'port'?",
    ]


def test_variables_of_the_command_line_s_client_are_no_settings() -> None:
    assert load_settings(environment={"LOOPLY_URL": "x", "LOOPLY_API_KEY": "y", "PATH": "z"}) == Settings()


def test_all_problems_are_reported_together_and_each_by_its_path() -> None:
    environment = {"LOOPLY_PORT": "70000", "LOOPLY_LOG_LEVEL": "loud", "LOOPLY_LIMITS_BODY_BYTES": "0"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environment=environment)
    assert {problem.path for problem in caught.value.problems} == {"/port", "/log_level", "/limits/body_bytes"}
    for problem in caught.value.problems:
        assert problem.message in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "eighty"),
        ("port", True),
        ("port", -1),
        ("port", 80.5),
        ("host", " "),
        ("host", 7),
        ("public_url", "looply.example"),
        ("public_url", "https://x/?a=b"),
        ("public_url", "http://["),
        ("egress_allow", 7),
        ("egress_allow", [7]),
        ("egress_allow", '["10.0.0.0/8"'),
        ("egress_allow", '["10.0.0.0/8", 7]'),
        ("log_level", "trace"),
        ("log_level", 7),
        ("engine", "oracle"),
        ("temporal_tls", "yes"),
        ("temporal_tls_ca", ""),
        ("drain_seconds", "soon"),
        ("drain_seconds", float("nan")),
        ("drain_seconds", -1),
        ("concurrency", 0),
        ("header_bytes", 10),
        ("limits.attempt_timeout_seconds", 0),
        ("limits", 7),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error(name: str, value: Any) -> None:
    assert len(problems_of(flags={name: value})) == 1


def test_a_missing_or_broken_file_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in problems_of(file=tmp_path / "none.toml")[0]
    assert "not valid TOML" in problems_of(file=file_with(tmp_path, "port ="))[0]
    assert "limits (file) is no setting" in problems_of(file=file_with(tmp_path, "limits = 7"))[0]


def test_a_secret_shows_itself_nowhere() -> None:
    settings = load_settings(environment={"LOOPLY_ENCRYPTION_KEY": "canary"})
    assert settings.encryption_key is not None
    assert settings.encryption_key.reveal() == "canary"
    for text in (repr(settings), str(settings.encryption_key), f"{settings.encryption_key}"):
        assert "canary" not in text
    assert problems_of(flags={"encryption_key": 12345}) == ["encryption_key (flags) is a secret, expected a text"]
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_the_table_names_the_environment_variable_of_each_setting() -> None:
    assert TABLE["limits.body_bytes"].variable == "LOOPLY_LIMITS_BODY_BYTES"
    assert TABLE["port"].default == 8080


UNITS = ("bytes", "characters", "days", "digits", "levels", "per_minute", "per_second", "seconds")
COUNTS = {
    "port",
    "concurrency",
    "host_concurrency",
    "function_processes",
    "limits.body_nodes",
    "limits.json_nodes",
    "limits.step_visits",
    "limits.datastores",
    "limits.branches",
    "limits.items",
    "limits.iterations",
    "limits.recipients",
    "limits.open_waits",
    "limits.redirect_visits",
    "limits.child_depth",
    "limits.open_executions",
    "limits.stretch_steps",
    "limits.definition_steps",
    "limits.expression_fuel",
    "limits.expression_items",
    "limits.read_events",
    "limits.list_events",
    "limits.metric_workflows",
    "limits.streams",
}
"""Settings that are numbers of the things that their names say: neither sizes nor times."""


def test_each_setting_that_is_a_size_a_time_or_a_rate_has_its_unit_in_its_name() -> None:
    numbers = {
        name
        for name, row in TABLE.items()
        if isinstance(row.default, int | float | timedelta) and not isinstance(row.default, bool)
    }
    assert {name for name in numbers if not name.endswith(UNITS)} == COUNTS
    assert {name for name, row in TABLE.items() if isinstance(row.default, float | timedelta)} == {
        name for name in numbers if name.endswith("_seconds")
    }
