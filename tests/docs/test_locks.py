"""The pinned packages can be installed by pip with `--require-hashes`, independent of later releases."""

import json
from importlib.metadata import PackageNotFoundError, requires

import pytest
from deployment_files import Pin, pins
from docs_pages import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def asked(pinned: dict[str, Pin]) -> dict[str, set[str]]:
    """Returns the extras that the installed packages among `pinned` require, by the name of the package."""
    required: dict[str, set[str]] = {}
    for name, pin in pinned.items():
        try:
            needs = [Requirement(each) for each in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for need in needs:
            marker = need.marker
            if need.extras and (marker is None or any(marker.evaluate({"extra": each}) for each in ("", *pin.extras))):
                required.setdefault(canonicalize_name(need.name), set()).update(need.extras)
    return required


@pytest.mark.parametrize("lock", ["dev.txt", "run.txt", "distributed.txt", "build.txt"])
def test_a_package_required_with_an_extra_is_pinned_with_it(lock: str) -> None:
    pinned = pins(lock)
    missing = {name: extras - pinned[name].extras for name, extras in asked(pinned).items()}
    assert not any(missing.values()), missing


def test_some_package_requires_an_extra() -> None:
    assert "toml" in asked(pins("dev.txt"))["coverage"]


@pytest.mark.parametrize("folder", ["ui", "tests/clients/typescript", "tests/peers"])
def test_a_package_of_npm_is_pinned_by_version_and_hash_and_names_no_registry(
    folder: str,
) -> None:
    lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if not {"version", "integrity"} <= package.keys()] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
    asked = {**lock["packages"][""].get("dependencies", {}), **lock["packages"][""]["devDependencies"]}
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
