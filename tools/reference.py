"""Writes the reference pages from the code: `make docs`. With `--check` it writes nothing and says what is stale.

Each page is made by one module of `reference_pages`, which is imported when its page is made. The output depends on
the code alone, so the same code gives the same bytes.
"""

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "docs" / "reference"

PAGES: Final[Mapping[str, str]] = {
    "attacks.md": "attacks:attacks_page",
    "cli.md": "commands:cli_page",
    "connectors.md": "connectors:connectors_page",
    "definition.schema.json": "schemas:definition_schema_text",
    "errors.md": "errors:errors_page",
    "expressions.md": "language:expressions_page",
    "http-api.md": "http_api:http_api_page",
    "limits.md": "settings:limits_page",
    "log-types.md": "logs:log_types_page",
    "openapi.json": "schemas:openapi_text",
    "metrics.md": "metrics:metrics_page",
    "operators.md": "language:operators_page",
    "permissions.md": "permissions:permissions_page",
    "settings.md": "settings:settings_page",
    "state-machine.md": "logs:state_machine_page",
    "steps.md": "steps:steps_page",
}
"""File name -> module and function that make it."""


def render(name: str) -> str:
    """Returns the text of one page as the code says it now."""
    module, function = PAGES[name].split(":")
    text: str = getattr(importlib.import_module(f"reference_pages.{module}"), function)()
    return text


def stale_pages() -> Iterator[str]:
    """Yields the names of the pages whose files differ from what the code says."""
    for name in PAGES:
        file = FOLDER / name
        if not file.is_file() or file.read_text(encoding="utf-8") != render(name):
            yield name


def main(arguments: list[str]) -> int:
    """Writes or checks all pages and returns the exit status."""
    stale = list(stale_pages())
    if "--check" in arguments:
        for name in stale:
            print(f"docs/reference/{name} is stale; run make docs")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(render(name), encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
