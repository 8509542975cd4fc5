"""The wheel contains the product and no test: all of it can be imported with only the locked packages installed."""

import re
import subprocess
import sys
import zipfile
from email import message_from_string
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from trove_classifiers import classifiers

ROOT = Path(__file__).parents[1]
LOCKED = "distributed.txt"
"""The run-time set with the extra for several processes."""

IMPORTS = """
import sys
from importlib import import_module
from pkgutil import walk_packages

wheel, *hidden = sys.argv[1:]
sys.path.insert(0, wheel)

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"{name} is no package of the product", name=name)

sys.meta_path.insert(0, Hidden())
import looply
assert looply.__file__.startswith(wheel), looply.__file__
for module in walk_packages(looply.__path__, "looply."):
    if module.name.rpartition(".")[2] != "__main__" and ".migrations." not in module.name:
        import_module(module.name)
        print(module.name)
"""
"""Imports every module of a wheel, as though the named packages were not installed."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of an unpacked wheel."""
    built, unpacked = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("unpacked")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built], cwd=ROOT, check=True)
    (archive,) = built.glob("looply-*.whl")
    zipfile.ZipFile(archive).extractall(unpacked)
    return unpacked


def test_every_module_of_the_wheel_can_be_imported_without_the_packages_of_developers(wheel: Path) -> None:
    command = [sys.executable, "-c", IMPORTS, wheel, *development_modules()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.split())
    assert {"looply.bootstrap", "looply.engine.temporal.worker", "looply.testing.world"} <= imported


def test_the_wheel_holds_no_test(wheel: Path) -> None:
    assert {path.name for path in wheel.iterdir() if path.suffix != ".dist-info"} == {"looply"}
    tests = re.compile(r"^\s*(?:import|from) (?:_?pytest|hypothesis|kit|contract)\b|def test_", re.MULTILINE)
    assert [str(path) for path in wheel.rglob("*.py") if tests.search(path.read_text("utf-8"))] == []


def test_the_description_of_the_wheel_can_be_read_without_the_sources(wheel: Path) -> None:
    """Links into the sources and diagrams would be dead where only the wheel is."""
    text = metadata_of(wheel).get_payload()
    assert text.startswith("# Looply")
    assert "pip install" in text
    assert re.findall(r"\]\([^)]*\)|```mermaid", text) == []


def test_the_classifiers_of_the_wheel_exist_and_no_address_is_invented(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    assert set(metadata.get_all("Classifier", [])) <= classifiers
    assert metadata.get_all("Project-URL", []) == []
    assert metadata["Keywords"]


def metadata_of(wheel: Path) -> Message:
    """Returns the metadata of an unpacked wheel; its payload is the description."""
    (file,) = wheel.glob("looply-*.dist-info/METADATA")
    return message_from_string(file.read_text("utf-8"))


def development_modules() -> list[str]:
    """Returns the names of top-level modules of packages that are not locked for the product."""
    lines = (ROOT / "requirements" / LOCKED).read_text("utf-8").splitlines()
    locked = {normalized(line.partition("==")[0]) for line in lines if line[:1].isalnum()} | {"looply"}
    found = packages_distributions()
    hidden = [name for name, owners in found.items() if not {normalized(owner) for owner in owners} & locked]
    assert {"pytest", "hypothesis", "mypy"} <= {*hidden}
    return hidden


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()
