"""Compiles the settings of the step that starts an execution of another workflow."""

from uuid import UUID

from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import SubworkflowSettings
from looply.errors import Sentence, say
from looply.jsontext import Json

LATEST = "latest"
"""Means the newest ACTIVE version at the time of the start."""


def compile_subworkflow(reader: Reader) -> SubworkflowSettings:
    """Returns the settings of a `subworkflow`; its constants are checked here."""
    workflow_id: str = reader.value["workflow_id"]
    if "${" not in workflow_id and not is_uuid(workflow_id):
        reader.error("workflow_id", no_workflow_id(workflow_id))
    stated = reader.value.get("version")
    if stated is not None and "${" not in str(stated):
        try:
            version_of(stated)
        except ValueError as error:
            reader.error("version", say("VERSION_INVALID", "{reason}", reason=str(error)))
    template = reader.template("workflow_id")
    assert template is not None  # the schema requires it
    return SubworkflowSettings(
        workflow_id=template,
        version=reader.template("version"),
        payload=reader.template("payload"),
        wait=reader.value.get("wait", True),
    )


def no_workflow_id(text: str) -> Sentence:
    """Returns the sentence that a text is no id of a workflow."""
    return say("NO_WORKFLOW_ID", "{id!r} is not a workflow id (UUID)", id=text)


def version_of(value: Json) -> int | None:
    """Returns the version number of a setting; None for the newest ACTIVE version.

    Raises: ValueError when the value is no version.
    """
    if value is None or value == LATEST:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31:
        return value
    raise ValueError(f"a version is a whole number from 1 on, or `{LATEST}`, not {str(value)[:100]!r}")


def is_uuid(text: str) -> bool:
    """Returns whether a text is a UUID in its canonical form, in any letter case."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
