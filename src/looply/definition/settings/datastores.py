"""Compiles the settings of a `datastore`, and validates names, paths and revisions of datastores."""

import unicodedata
from typing import Any, Final

from looply.definition.settings.reading import Reader, read_template
from looply.definition.settings.step_settings import DatastoreSettings
from looply.definition.values.pointer import split_pointer
from looply.errors import say
from looply.expressions import Template, escape_everywhere
from looply.jsontext import Json

MAX_NAME_LENGTH: Final = 128
# Unprintable: controls, lone surrogates, private and unassigned characters, line and paragraph separators.
_UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_CHANGES: Final = ("set", "merge")
_WITHOUT_EFFECT: Final = ("retry", "timeout", "park", "on_unknown")


def compile_datastore(reader: Reader) -> DatastoreSettings:
    """Returns the settings of a `datastore`; the constants of its input are checked here."""
    operation = reader.value["operation"]
    if operation in _CHANGES and "value" not in reader:
        message = say("VALUE_MISSING", "`value` is missing: it is the value to {operation}", operation=operation)
        reader.error("value", message)
    if operation not in _CHANGES and "value" in reader:
        wording = "`value` has no meaning for the operation {operation}"
        hint = say("USE_SET_OR_MERGE", "use `set` or `merge`")
        reader.error("value", say("VALUE_UNUSED", wording, operation=operation), hint)
    if operation == "merge" and _is_never_object(reader.value.get("value", {})):
        hint = say("USE_SET", "use `set` to replace the value")
        reader.error("value", say("MERGE_TAKES_OBJECT", "a merge takes an object"), hint)
    for name, finding in (("name", name_finding), ("path", path_finding)):
        text = reader.value.get(name, "${}")
        if "${" not in text and (reason := finding(text)):
            reader.error(name, say("DATASTORE_PLACE_INVALID", "{reason}", reason=reason))
    return DatastoreSettings(operation=operation)


def datastore_input(reader: Reader) -> Template:
    """Returns the template of the input of an operation: the settings without the operation."""
    given = {name: value for name, value in reader.value.items() if name != "operation"}
    return read_template(given, reader.path, reader.report, {"/path": escape_everywhere(_escape_name)})


def check_step_fields(step: Reader) -> None:
    """Reports fields of the step that have no effect, or an unwanted one, on a datastore."""
    for field in _WITHOUT_EFFECT:
        if field in step:
            wording = "its errors, such as CONFLICT, would occur again; connect its exit `error` back to a `get`"
            message = say("NO_EFFECT_ON_STEP", "`{field}` has no effect on a {type}", field=field, type="datastore")
            step.warning(field, message, say("CONFLICT_AGAIN", wording) if field == "retry" else None)
    for index, pointer in enumerate(step.value.get("secret", [])):
        if not pointer.startswith("/output"):
            wording = "every workflow and every key can read a datastore, so it must not hold secrets"
            hint = say("STORE_IN_CONNECTION", "store it in a connection")
            step.report.error(step.pointer("secret", index), say("SECRET_IN_DATASTORE", wording), hint)


def name_finding(name: Any) -> str:
    """Returns why a value is no valid name of a datastore, empty when it is valid."""
    if not isinstance(name, str):
        return "the name of a datastore must be a text"
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        return f"the name of a datastore has 1 to {MAX_NAME_LENGTH} characters, not {len(name)}"
    if name != name.strip():
        return "the name of a datastore has no space at either end"
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        return "the name of a datastore has printable characters only"
    return ""


def path_finding(path: Any) -> str:
    """Returns why a value is no valid path into a document, empty when it is valid."""
    try:
        split_pointer(path)
    except (TypeError, ValueError):
        return f"{str(path)[:100]!r} is not a JSON Pointer such as /prices/4711"
    return ""


def revision_finding(revision: Any) -> str:
    """Returns why a value is no valid revision, empty when it is valid. JSON may write a whole number as `2.0`."""
    is_number = isinstance(revision, int | float) and not isinstance(revision, bool)
    if not is_number or revision < 0 or revision != revision // 1:
        return f"if_revision is {str(revision)[:100]!r}, expected a whole number from 0 on"
    return ""


def canonical_name(name: str) -> str:
    """Returns the form in which names are compared and stored: NFC."""
    return unicodedata.normalize("NFC", name)


def _escape_name(value: str) -> str:
    """Returns a value escaped as one name of a path such as `/prices/${...}`."""
    return value.replace("~", "~0").replace("/", "~1")


def _is_never_object(value: Json) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, str) and "${" in value)
