"""Writes the software bill of materials: every package of the locked run-time set, as CycloneDX 1.6 JSON.

    python tools/sbom.py dist/looply.cdx.json

The Python packages are those of `requirements/run.txt`, and as optional components those that only
`requirements/distributed.txt` has; the web packages are those of `ui/package-lock.json` that are not for development.
Licenses are those that the installed packages state. The same locks and packages result in the same bytes: there is no
timestamp in it, and its serial number is derived from its content.
"""

import json
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
LOCKS: Final = ("run.txt", "distributed.txt")
_UNSTATED: Final = UUID(int=0)


def pinned(name: str) -> dict[str, str]:
    """Returns the versions by package name of a lock file in `requirements/`."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    lines = (line.removesuffix("\\").strip() for line in text.splitlines())
    found = (Requirement(line) for line in lines if "==" in line and not line.startswith(("#", "--")))
    return {canonicalize_name(each.name): next(iter(each.specifier)).version for each in found}


def web_packages() -> dict[str, dict[str, str]]:
    """Returns the lock entries of the web packages that are not for development, by name."""
    lock = json.loads((ROOT / "ui" / "package-lock.json").read_text(encoding="utf-8"))
    found = {path.rpartition("node_modules/")[2]: each for path, each in lock["packages"].items() if path}
    return {name: each for name, each in found.items() if not each.get("dev")}


def bill() -> Bom:
    """Returns the bill of the working tree."""
    project = json.loads((ROOT / "ui" / "package-lock.json").read_text(encoding="utf-8"))
    bom = Bom(components=[*_python_components(), *_web_components()], serial_number=_UNSTATED)
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the same locks result in the same bytes
    bom.metadata.component = Component(
        name="looply", version=project["version"], type=ComponentType.APPLICATION, bom_ref="looply"
    )
    bom.register_dependency(bom.metadata.component, bom.components)
    return bom


def written(bom: Bom) -> str:
    """Returns the text of a bill, with a serial number that is derived from its content."""
    bom.serial_number = uuid5(NAMESPACE_URL, JsonV1Dot6(bom).output_as_string())
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _python_components() -> Iterator[Component]:
    needed = pinned(LOCKS[0])
    for name, version in {**pinned(LOCKS[1]), **needed}.items():
        scope = ComponentScope.REQUIRED if name in needed else ComponentScope.OPTIONAL
        yield _component("pypi", name, version, scope, _license_of(name))


def _web_components() -> Iterator[Component]:
    for name, locked in web_packages().items():
        yield _component("npm", name, locked["version"], ComponentScope.REQUIRED, locked.get("license", ""))


def _component(kind: str, name: str, version: str, scope: ComponentScope, license_: str) -> Component:
    purl = PackageURL(type=kind, name=name, version=version)
    licenses = [LicenseFactory().make_from_string(license_)] if license_ else []
    return Component(name=name, version=version, purl=purl, bom_ref=str(purl), scope=scope, licenses=licenses)


def _license_of(name: str) -> str:
    """Returns the license expression that an installed package states, empty when it states none."""
    try:
        stated = metadata(name).get_all("License-Expression", [])
    except PackageNotFoundError:
        return ""
    return str(stated[0]) if stated else ""


def main(arguments: list[str]) -> int:
    """Writes the bill to the given path."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python tools/sbom.py FILE\n")
        return 2
    path = Path(arguments[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    bom = bill()
    path.write_text(written(bom), encoding="utf-8")
    sys.stdout.write(f"{path} lists {len(bom.components)} packages.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
