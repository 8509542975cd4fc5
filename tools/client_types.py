"""Writes what the web app knows of the server from the code: `make docs`. `--check` only compares.

`ui/src/api/step-types.ts` is the table of step types. `ui/src/api/routes.ts` lists method and path of each call of the
description of the API. `ui/src/api/generated.ts` is made by openapi-typescript from
the part of `docs/reference/openapi.json` that the client uses; its first line names the hash of that part, so a
comparison needs no Node.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

from looply.definition import STEP_TYPES, StepType
from looply.definition.schemas.step_types import Group

ROOT: Final = Path(__file__).parent.parent
DESCRIPTION: Final = ROOT / "docs/reference/openapi.json"
ROUTES: Final = ROOT / "ui/src/api/routes.ts"
TYPES: Final = ROOT / "ui/src/api/generated.ts"
STEPS: Final = ROOT / "ui/src/api/step-types.ts"
GENERATOR: Final = ROOT / "tests/clients/typescript"
INPUT: Final = ROOT / "build/client.json"
OWN_PATH: Final = "/v2/workflows/"
"""The path of most calls is this one with their names."""

_PAGES: Final = ("/static/", "/inbox/", "/docs", "/app", "/card-frame", "/mail-frame", "/teams/")
_LEFT_OUT: Final = ("/v1/", "/v2/receive/", "/openapi.json", "/metrics", *_PAGES)
_READ_BY_V1: Final = "/v1/adaptive-cards/"
"""The reads of cards have no newer path."""
_KEPT: Final = ("operationId", "parameters", "requestBody", "responses")


def client_part(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the operations that the web app may call, each with its parameters, body and answer, and the schemas."""
    paths = {
        path: kept
        for path, methods in document["paths"].items()
        if path != "/" and (path.startswith(_READ_BY_V1) or not path.startswith(_LEFT_OUT))
        # A call that only leads a browser elsewhere has no answer.
        if (kept := {name: _operation(each) for name, each in methods.items() if "200" in each["responses"]})
    }
    return {**document, "paths": paths, "tags": []}


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: operation[name] for name in _KEPT if name in operation}
    done = operation["responses"]["200"]
    content = {kind: {"schema": each.get("schema", {})} for kind, each in done.get("content", {}).items()}
    return {**kept, "responses": {"200": {"description": "", "content": content}}}


def routes_text(part: dict[str, Any]) -> str:
    """Returns the module that lists method and path of each operation."""
    rows = sorted(
        (operation["operationId"], method.upper(), path)
        for path, methods in part["paths"].items()
        for method, operation in methods.items()
    )
    lines = [
        "// Written by `make docs` from docs/reference/openapi.json; do not edit.",
        "",
        "/** The path of a call that has none in the list is this one with its name. */",
        f'export const OWN_PATH = "{OWN_PATH}";',
        "",
        "/** Method and path of each call. */",
        "export const routes = {",
        *(_route_line(*row) for row in rows),
        "} as const;",
    ]
    return "\n".join(lines) + "\n"


def _route_line(name: str, method: str, path: str) -> str:
    # Each page loads the list, so that it has as few characters as possible.
    return f'  {name}: "{method}",' if path == f"{OWN_PATH}{name}" else f'  {name}: "{method} {path}",'


def step_types_text() -> str:
    """Returns the module that has the table of step types."""
    groups = ", ".join(f'"{group}"' for group in get_args(Group))
    lines = [
        "// Written by `make docs` from src/looply/definition/schemas/step_types.py; do not edit.",
        "",
        "/** The groups of step types, in the order of the toolbox. */",
        f"export const GROUPS = [{groups}] as const;",
        "",
        "/** Every step type, in the order of the contract. Branches and `error` are exits too. */",
        "export const STEP_TYPES = {",
        *(line for step_type in STEP_TYPES.values() for line in _step_type_lines(step_type)),
        "} as const;",
        "",
        "export type StepTypeName = keyof typeof STEP_TYPES;",
    ]
    return "\n".join(lines) + "\n"


def _step_type_lines(step_type: StepType) -> Iterator[str]:
    values = {
        "group": step_type.group,
        "icon": step_type.icon,
        "exits": step_type.exits,
        "hasBranches": step_type.has_branches,
        "canFail": step_type.can_fail,
        "isCall": step_type.is_call,
        "isPause": step_type.is_pause,
        "mainExit": step_type.main_exit,
    }
    yield f"  {step_type.name}: {{"
    yield from (f"    {name}: {json.dumps(value)}," for name, value in values.items())
    yield "  },"


def first_line(part: dict[str, Any]) -> str:
    """Returns the first line of the types that belong to a part of the description and to the pinned generator."""
    pinned = json.loads((GENERATOR / "package.json").read_text("utf-8"))["devDependencies"]["openapi-typescript"]
    digest = hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()
    return f"// Written by `make docs` with openapi-typescript {pinned} from {digest}; do not edit."


def stale_files() -> Iterator[Path]:
    """Yields the files that do not belong to the description and to the table of step types as they are now."""
    if not STEPS.is_file() or STEPS.read_text("utf-8") != step_types_text():
        yield STEPS
    part = client_part(json.loads(DESCRIPTION.read_text("utf-8")))
    if not ROUTES.is_file() or ROUTES.read_text("utf-8") != routes_text(part):
        yield ROUTES
    if not TYPES.is_file() or TYPES.read_text("utf-8").partition("\n")[0] != first_line(part):
        yield TYPES


def write() -> None:
    """Writes the files. Raises: CalledProcessError when the generator cannot run; its reason is shown."""
    STEPS.write_text(step_types_text(), "utf-8")
    part = client_part(json.loads(DESCRIPTION.read_text("utf-8")))
    ROUTES.write_text(routes_text(part), "utf-8")
    INPUT.parent.mkdir(exist_ok=True)
    INPUT.write_text(json.dumps(part), "utf-8")
    subprocess.run([sys.executable, ROOT / "hatch_build.py", "--types"], check=True)  # noqa: S603
    TYPES.write_text(f"{first_line(part)}\n\n{TYPES.read_text('utf-8')}", "utf-8")


def main(arguments: list[str]) -> int:
    """Writes or checks the files and returns the exit status."""
    stale = list(stale_files())
    if "--check" in arguments:
        for file in stale:
            print(f"{file.relative_to(ROOT)} is stale; run make docs")
        return 1 if stale else 0
    if stale == [STEPS]:
        STEPS.write_text(step_types_text(), "utf-8")
    elif stale:
        write()
    if stale:
        print(f"wrote {', '.join(str(file.relative_to(ROOT)) for file in stale)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
