"""Records what the pages fold and draw as this server renders and compiles it.

`python tests/golden/recording/record_pages.py` writes the files that the tests of the pages read. A test holds them to
what the server renders now, so that a change of the one without the other is found.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from golden.recording.record import HISTORIES, SCENARIOS
from looply.definition.graph.outline import read_outline
from looply.definition.graph.regions import find_regions, joins_of
from looply.execution.facts.events import ErrorCaught, Event
from looply.execution.views.condensed import condense_logs
from looply.execution.views.logs import event_log
from looply.jsontext import Json
from looply.limits import Limits

FOLDER: Final = Path(__file__).parents[3] / "ui/tests/recorded"
LOGS: Final = FOLDER / "logs.json"
OUTLINES: Final = FOLDER / "outlines.json"
SENTENCES: Final = FOLDER / "sentences.json"
_SOURCE: Final = Path(__file__).parents[3] / "src/looply"
_CODE: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
_VALUES: Final = ("input", "output", "wait_token")
_UNCUT: Final = Limits(read_events=1_000_000)


class _Recorded(msgspec.Struct):
    history: list[Event]


def rendered_logs() -> list[Json]:
    """Returns each recorded history as its log and its visits; values are left out, for they are not folded."""
    return [_log_of(path) for path in sorted(HISTORIES.glob("*.json"))]


def rendered_outlines() -> list[Json]:
    """Returns the definition of each scenario with the exits, regions and joins that the server reads in it."""
    return [
        _outline_of(name, scenario().workflow.definition)
        for name, scenario in sorted((each.__name__, each) for each in SCENARIOS)
    ]


def listed_sentences() -> list[Json]:
    """Returns the code of each sentence of a finding, with the names of its values, in the order of the codes.

    Raises: ValueError when one code has different values at two places.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(_SOURCE.rglob("*.py")):
        for code, values in _sentences_of(ast.parse(path.read_text("utf-8"))):
            if found.setdefault(code, values) != values:
                raise ValueError(f"{path}: {code} has the values {values}, elsewhere {found[code]}")
    return [{"code": code, "values": [*found[code]]} for code in sorted(found)]


def _sentences_of(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name("say"), [ast.Constant(str(code)), _], keywords) if _CODE.fullmatch(code):
                yield code, sorted(str(each.arg) for each in keywords)
            case ast.Call(ast.Name("Sentence"), [ast.Constant(str(code)), _, ast.Tuple(pairs)]):
                yield code, sorted(ast.literal_eval(pair.elts[0]) for pair in pairs if isinstance(pair, ast.Tuple))


def _log_of(path: Path) -> Json:
    events = msgspec.json.decode(path.read_bytes(), type=_Recorded).history
    numbered = list(enumerate(events, 1))
    visits, _ = condense_logs(numbered, 1 << 30)
    caught = {str(event.address).rpartition("/")[2] for event in events if isinstance(event, ErrorCaught)}
    return {
        "name": path.stem,
        "catching": sorted(caught),
        "entries": [_without_values(msgspec.to_builtins(entry)) for entry in event_log(numbered, _UNCUT)],
        "visits": [
            {"step": step, **_without_values(msgspec.to_builtins(visit))}
            for step, found in visits.items()
            for visit in found
        ],
    }


def _without_values(entry: dict[str, Any]) -> dict[str, Json]:
    return {name: None if name in _VALUES else value for name, value in entry.items()}


def _outline_of(name: str, definition: dict[str, Json]) -> Json:
    outline = read_outline(definition)
    return {
        "name": name,
        "workflow_steps": [
            {"id": step.id, "type": step.type.name if step.type else "", "settings": _graph_settings(step.settings)}
            for step in outline.steps
        ],
        "workflow_connections": definition["workflow_connections"],
        "exits": {step.id: list(step.exits) for step in outline.steps},
        "regions": {
            id_: "/".join(f"{owner}[{exit_}]" for owner, exit_ in region)
            for id_, region in find_regions(outline).regions.items()
        },
        "joins": joins_of(outline),
    }


def _graph_settings(settings: dict[str, Json]) -> dict[str, Json]:
    return {name: settings[name] for name in ("branches", "of", "target") if name in settings}


def write(path: Path, found: list[Json]) -> None:
    """Writes one record in a line, so that a change is seen as the lines that changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(msgspec.json.encode(each, order="sorted").decode() for each in found)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


if __name__ == "__main__":
    write(LOGS, rendered_logs())
    write(OUTLINES, rendered_outlines())
    write(SENTENCES, listed_sentences())
