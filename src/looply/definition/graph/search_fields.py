"""The search fields of a workflow: values of the data document by which executions are found."""

from typing import Final

from looply.definition.values.pointer import join_pointer, split_pointer
from looply.definition.values.report import Report
from looply.errors import say
from looply.jsontext import Json

_UNSEARCHABLE: Final = ("waits", "item", "index")
"""Entries of the data document that contain tokens, or exist only in an iteration."""


def check_search_fields(document: dict[str, Json], report: Report) -> None:
    """Reports fields that no search could use. The name of a field is the last part of its pointer: `field.po=4711`."""
    settings = document.get("workflow_settings")
    pointers = settings.get("search_fields") if isinstance(settings, dict) else None
    known: dict[str, str] = {}
    for index, pointer in enumerate(pointers if isinstance(pointers, list) else ()):
        try:
            path = split_pointer(pointer) if isinstance(pointer, str) else ()
        except ValueError:
            path = ()
        if not path:
            # The schema check reports it.
            continue
        location = join_pointer("/workflow_settings/search_fields", index)
        if path[0] in _UNSEARCHABLE:
            hint = say("NAME_PAYLOAD_VALUE", "name a value of the payload or of a step's output")
            report.error(location, say("UNSEARCHABLE", "`{name}` cannot be searched", name=path[0]), hint)
        elif not path[-1]:
            message = say("SEARCH_NAME_EMPTY", "ends in an empty name, which cannot be searched by")
            report.error(location, message, say("NAME_DOCUMENT_VALUE", "name a value in the document"))
        elif (former := known.setdefault(path[-1], pointer)) != pointer:
            wording = "has the name `{name}` like `{former}`, so a search could not distinguish them"
            message = say("SEARCH_NAME_TWICE", wording, name=path[-1], former=former)
            hint = say("SET_UNDER_OTHER_NAME", "set one of the values under another name with overridePayload")
            report.error(location, message, hint)


def search_paths(pointers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Returns the path of each field in the data document by its name; of two with one name, the first."""
    found: dict[str, tuple[str, ...]] = {}
    for pointer in pointers:
        path = split_pointer(pointer)
        if path[0] not in _UNSEARCHABLE:
            found.setdefault(path[-1], path)
    return found
