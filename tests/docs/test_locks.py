"""The pinned packages can be installed by pip with `--require-hashes`, whatever is released after them."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from docs_pages import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def pins(text: str) -> dict[str, set[str]]:
    """The extras with which each package of a lock file is pinned, by its name."""
    found = re.findall(r"^([\w.-]+)(?:\[([\w,-]+)\])?==", text, re.MULTILINE)
    return {canonicalize_name(name): set(extras.split(",")) - {""} for name, extras in found}


def asked(pinned: dict[str, set[str]]) -> dict[str, set[str]]:
    """The extras that the installed packages among `pinned` ask for, by the name of the package that has them."""
    wanted: dict[str, set[str]] = {}
    for name, extras in pinned.items():
        try:
            needs = [Requirement(each) for each in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for need in needs:
            marker = need.marker
            if need.extras and (marker is None or any(marker.evaluate({"extra": each}) for each in ("", *extras))):
                wanted.setdefault(canonicalize_name(need.name), set()).update(need.extras)
    return wanted


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_package_that_another_wants_with_an_extra_is_pinned_with_it(path: Path) -> None:
    pinned = pins(path.read_text())
    assert {name: extras - pinned.get(name, set()) for name, extras in asked(pinned).items()} == {
        name: set() for name in asked(pinned)
    }


def test_some_package_wants_an_extra() -> None:
    pinned = pins((ROOT / "requirements/dev.txt").read_text())
    assert "toml" in asked(pinned)["coverage"]
