"""Compiles the settings of `function`: the author's code and the template of its input."""

import re
from typing import Final

from looply.definition.settings.reading import Reader, read_template
from looply.definition.settings.step_settings import CallSettings
from looply.errors import say
from looply.expressions import Template
from looply.jsontext import Json

_LITERAL: Final = say("CODE_IS_TEXT", "`${{...}}` in code is plain text: it is never evaluated")
_SILENT: Final = say("CODE_SILENT", "the code returns nothing: the output is null")
_RETURN: Final = re.compile(r"\breturn\b")


def compile_function(reader: Reader, operation: str) -> CallSettings:
    """Returns the settings of a `function`. The code is not a template: `${...}` in it belongs to its own language."""
    code: str = reader.value["code"]
    if not code.strip():
        hint = say("WRITE_BODY", "write the body of a function of `input` that returns JSON")
        reader.error("code", say("CODE_EMPTY", "the code is empty"), hint)
    elif not _RETURN.search(code):
        reader.warning("code", _SILENT, say("END_WITH_RETURN", "end it with `return ...`"))
    if reader.value["language"] == "python" and "${" in code:
        hint = say("PASS_IN_INPUT", "pass the value in `input`, and read it in the code as `input`")
        reader.warning("code", _LITERAL, hint)
    written: dict[str, Json] = {"language": reader.value["language"], "code": code}
    return CallSettings(operation=operation, literal_input=written, repeat="always")  # code has no side effects


def function_input(reader: Reader) -> Template:
    """Returns the template of the author's `input`, null when it is left out."""
    return read_template({"input": reader.value.get("input")}, reader.path, reader.report)
