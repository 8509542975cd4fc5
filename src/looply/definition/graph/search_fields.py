"""The search fields of a workflow: places in the data document whose values find an execution."""

from typing import Final

from looply.definition.values.pointer import join_pointer, split_pointer
from looply.definition.values.report import Report
from looply.jsontext import Json

_UNSEARCHABLE: Final = ("waits", "item", "index")
"""Entries of the data document that hold tokens, or that only an iteration has."""


def check_search_fields(document: dict[str, Json], report: Report) -> None:
    """Finds fields that nobody could search by. A field is called by the last part of its pointer: `?field.po=4711`."""
    settings = document.get("workflow_settings")
    pointers = settings.get("search_fields") if isinstance(settings, dict) else None
    known: dict[str, str] = {}
    for index, pointer in enumerate(pointers if isinstance(pointers, list) else ()):
        try:
            path = split_pointer(pointer) if isinstance(pointer, str) else ()
        except ValueError:
            path = ()
        if not path:
            # The schema has told what is wrong with it.
            continue
        place = join_pointer("/workflow_settings/search_fields", index)
        if path[0] in _UNSEARCHABLE:
            report.error(place, f"`{path[0]}` cannot be searched", "name a value of the payload or of a step's output")
        elif not path[-1]:
            report.error(place, "ends in an empty name, by which nobody could search", "name a value in the document")
        elif (former := known.setdefault(path[-1], pointer)) != pointer:
            message = f"is called `{path[-1]}` like `{former}`, so a search could not tell them apart"
            report.error(place, message, "set one of the values under another name with overridePayload")


def search_paths(pointers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Returns by the name of each field its path in the data document; of two with one name the first counts."""
    found: dict[str, tuple[str, ...]] = {}
    for pointer in pointers:
        path = split_pointer(pointer)
        if path[0] not in _UNSEARCHABLE:
            found.setdefault(path[-1], path)
    return found
