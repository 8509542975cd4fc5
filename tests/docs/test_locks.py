"""The pinned packages can be installed by pip with `--require-hashes`, whatever is released after them."""

from importlib.metadata import PackageNotFoundError, requires

import pytest
from deployment_files import Pin, pins
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def asked(pinned: dict[str, Pin]) -> dict[str, set[str]]:
    """The extras that the installed packages among `pinned` ask for, by the name of the package that has them."""
    wanted: dict[str, set[str]] = {}
    for name, pin in pinned.items():
        try:
            needs = [Requirement(each) for each in requires(name) or ()]
        except PackageNotFoundError:
            continue
        for need in needs:
            marker = need.marker
            if need.extras and (marker is None or any(marker.evaluate({"extra": each}) for each in ("", *pin.extras))):
                wanted.setdefault(canonicalize_name(need.name), set()).update(need.extras)
    return wanted


@pytest.mark.parametrize("lock", ["dev.txt", "run.txt", "distributed.txt", "build.txt"])
def test_a_package_that_another_wants_with_an_extra_is_pinned_with_it(lock: str) -> None:
    pinned = pins(lock)
    missing = {name: extras - pinned[name].extras for name, extras in asked(pinned).items()}
    assert not any(missing.values()), missing


def test_some_package_wants_an_extra() -> None:
    assert "toml" in asked(pins("dev.txt"))["coverage"]
