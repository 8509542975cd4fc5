"""The registry of connectors, by entry points."""

import importlib
from dataclasses import replace
from pathlib import Path

import pytest

from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.registry import GROUP, Registry, load_connectors
from looply.connectors.sap.connector import CONNECTOR as SAP
from looply.errors import NotFound, SettingsError


def install(folder: Path, name: str, entry: str, code: str = "") -> None:
    """Makes a distribution with one entry point, as an installer does."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[{GROUP}.test]\nplugin = {entry}\n")
    (folder / f"{name.replace('-', '_')}_plugin.py").write_text(code)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return tmp_path


def test_operations_and_kinds_are_found_by_name() -> None:
    registry = Registry([("looply", HTTP), ("looply", SAP)])
    assert registry.operations["http.request"] is HTTP.operations[0]
    assert registry.connection_kind("sap") is SAP.connection_kinds[0]
    assert [connector.name for connector in registry.connectors] == ["http", "sap"]


def test_the_kind_of_a_connection_says_which_settings_a_call_means_that_names_a_system() -> None:
    registry = Registry([("looply", HTTP), ("looply", SAP)])
    assert registry.criteria("sap", {"system_id": "S4H", "client": " 1"}) == {"system_id": "S4H", "client": "001"}
    assert registry.criteria("sap", {"system_id": "S4H", "client": "abcd"}) is None
    assert registry.criteria("sap", {}) is None
    assert registry.criteria("http", {"system_id": "S4H", "client": "1"}) is None
    assert registry.criteria("unknown", {"system_id": "S4H", "client": "1"}) is None


def test_the_error_for_an_unknown_name_lists_the_known_ones() -> None:
    registry = Registry([("looply", HTTP)])
    with pytest.raises(NotFound, match="http"):
        registry.connection_kind("sap")


def test_duplicates_are_refused_with_both_distributions() -> None:
    with pytest.raises(SettingsError) as caught:
        Registry([("looply", HTTP), ("rival", HTTP)])
    assert caught.value.code == "CONNECTOR"
    assert len(caught.value.problems) == 3
    assert all("looply" in problem.message and "rival" in problem.message for problem in caught.value.problems)


def test_another_port_version_is_refused_with_its_distribution() -> None:
    with pytest.raises(SettingsError, match="port version 99") as caught:
        Registry([("future", replace(HTTP, port_version=99))])
    assert "future" in caught.value.problems[0].hint


def test_a_name_of_the_engine_is_refused() -> None:
    operations = (replace(HTTP.operations[0], name="datastore.set"),)
    with pytest.raises(SettingsError, match=r"datastore\.set") as caught:
        Registry([("rival", replace(HTTP, name="rival", operations=operations, connection_kinds=()))])
    assert caught.value.code == "CONNECTOR"


def test_connectors_are_loaded_from_installed_distributions(folder: Path) -> None:
    install(folder, "looply-http", "looply.connectors.http.connector:CONNECTOR")
    install(folder, "looply-sap", "looply.connectors.sap.connector:CONNECTOR")
    registry = load_connectors(f"{GROUP}.test")
    assert registry.operations["http.request"] is HTTP.operations[0]
    assert registry.operations["sap.odata"] is SAP.operations[0]


def test_distributions_that_cannot_be_used_are_all_reported(folder: Path) -> None:
    install(folder, "broken-one", "broken_one_plugin:MISSING")
    install(folder, "broken-two", "no_such_module_at_all:CONNECTOR")
    install(folder, "broken-three", "broken_three_plugin:CONNECTOR", "CONNECTOR = 1\n")
    install(folder, "broken-four", "broken_four_plugin:CONNECTOR", "CONNECTOR = open('/no/such/file')\n")
    install(
        folder,
        "broken-five",
        "broken_five_plugin:CONNECTOR",
        "from looply.connectors.port import Operation\nOperation(idempotent=True)\n",
    )
    with pytest.raises(SettingsError) as caught:
        load_connectors(f"{GROUP}.test")
    found = [problem.path.rpartition("/")[2] for problem in caught.value.problems]
    assert found == ["broken-five", "broken-four", "broken-one", "broken-three", "broken-two"]


def test_no_installed_connector_gives_an_empty_registry() -> None:
    assert load_connectors("looply.connectors.none").connectors == ()


CODE = """
import msgspec
from looply.connectors.port import Connector, Operation

class Shape(msgspec.Struct):
    value: {type}

async def call(ctx, input_):
    return None

CONNECTOR = Connector(
    name="rival",
    title="Rival",
    operations=(Operation(name="{name}", title="", input=Shape, output=Shape, repeat="never", call=call),),
)
"""


@pytest.mark.parametrize(
    ("name", "type_", "message"),
    [
        ("other.do", "int", r"whose name must begin with `rival\."),
        ("rival.do", "complex", "has no JSON Schema"),
    ],
)
def test_an_operation_that_no_workflow_could_call_is_refused(folder: Path, name: str, type_: str, message: str) -> None:
    code = CODE.format(name=name, type=type_)
    module = f"rival-{name}-plugin".replace(".", "-")
    install(folder, module, f"{module.replace('-', '_')}_plugin:CONNECTOR", code)
    with pytest.raises(SettingsError, match=message) as caught:
        load_connectors(f"{GROUP}.test")
    assert caught.value.code == "CONNECTOR"
