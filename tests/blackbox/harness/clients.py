"""The generators of clients from `openapi.json`, and the compilers of the clients."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from kit.servers.node import find_node

FOLDER = Path(__file__).parents[2] / "clients"
MODULES = FOLDER / "typescript" / "node_modules"
_MYPY = """
[mypy]
strict = True
warn_redundant_casts = False

; This file is the same for every description: the generator copies it.
[mypy-looply_client.client]
disable_error_code = arg-type
"""


def node() -> str:
    """Returns the path of Node: the machine's, else that of the package that brings it.

    Raises: RuntimeError when there is none, or when the programs that run in it are not installed.
    """
    found = find_node()
    if found is None or not (MODULES / "openapi-typescript" / "bin" / "cli.js").is_file():
        raise RuntimeError("clients in TypeScript cannot be made here: `make clients` installs what makes them")
    return found


def make_typescript(description: Path, folder: Path) -> Path:
    """Generates a client from a description, compiles the story with it, and returns the script for Node."""
    for name in ("package.json", "tsconfig.json", "story.ts"):
        shutil.copy(FOLDER / "typescript" / name, folder / name)
    (folder / "node_modules").symlink_to(MODULES)
    run([node(), "node_modules/openapi-typescript/bin/cli.js", str(description), "-o", "schema.d.ts"], folder)
    run([node(), "node_modules/typescript/bin/tsc", "--project", "."], folder)
    return folder / "built" / "story.js"


def make_python(description: Path, folder: Path) -> Path:
    """Generates a client from a description, checks its types and those of the story, and returns the story."""
    story = Path(shutil.copy(FOLDER / "python" / "story.py", folder / "story.py"))
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    made = ["--output-path", "looply_client", "--meta", "none", "--fail-on-warning"]
    run([program, "generate", "--path", str(description), *made], folder)
    (folder / "mypy.ini").write_text(_MYPY, encoding="utf-8")
    types = ["--config-file", "mypy.ini", "--cache-dir", str(folder / "cache"), "-p", "looply_client", "-m", "story"]
    run([sys.executable, "-m", "mypy", *types], folder)
    return story


def run(command: list[str], folder: Path) -> str:
    """Runs a program in a folder and returns what it printed. Raises: AssertionError with its output when it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, f"{command[:3]}\n{done.stdout[-6000:]}{done.stderr[-4000:]}"
    return done.stdout
