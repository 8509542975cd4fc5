"""Compiles the settings of the steps that start, end, redirect or override."""

from collections.abc import Iterator
from typing import Final

from looply.definition.settings.reading import Reader
from looply.definition.settings.schedules import compile_schedule
from looply.definition.settings.step_settings import (
    OverridePayloadSettings,
    RedirectSettings,
    TerminateSettings,
    TriggerSettings,
)
from looply.definition.values.pointer import join_pointer
from looply.errors import say
from looply.expressions import Template

METADATA: Final = (
    "workflow_id",
    "workflow_version",
    "workflow_execution_id",
    "workflow_process_id",
    "workflow_trigger_type",
    "organization_id",
    "workspace_id",
    "executor",
    "looply_sap_profile_settings",
)
"""Names within `payload.output` that are reserved for the engine."""

_OWN = "{name!r} is reserved for the engine and cannot be set"


def compile_trigger(reader: Reader, zone: str) -> TriggerSettings:
    """Returns the settings of the trigger; `zone` is that of the workflow, for a schedule without one."""
    kind = reader.value["trigger_type"]
    if kind == "SCHEDULED" and "schedule" not in reader:
        hint = say("SUCH_AS", "such as {example}", example='{"cron": "0 7 * * *"}')
        reader.error("schedule", say("SCHEDULE_MISSING", "a scheduled workflow needs a `schedule`"), hint)
    if kind == "REQUEST" and "schedule" in reader:
        hint = say("SET_SCHEDULED", "set `trigger_type` to SCHEDULED")
        reader.error("schedule", say("REQUEST_HAS_NO_SCHEDULE", "a REQUEST trigger has no schedule"), hint)
    if kind == "SCHEDULED" and "schema" in reader:
        hint = say("LEAVE_OUT", "leave `{name}` out", name="schema")
        reader.error("schema", say("SCHEDULE_HAS_NO_BODY", "a scheduled workflow is started without a body"), hint)
    schedule = reader.child("schedule")
    return TriggerSettings(
        trigger_type=kind,
        schedule=compile_schedule(schedule, zone) if schedule is not None else None,
        checker=reader.json_schema("schema"),
    )


def compile_override_payload(reader: Reader) -> OverridePayloadSettings:
    """Returns the settings of an `overridePayload`; names that are reserved for the engine are refused."""
    if ("parameters" in reader) == ("payload" in reader):
        message = say("OVERRIDE_ONE", "an override needs exactly one of `parameters` and `payload`")
        reader.report.error(reader.path, message)
    payload = reader.value.get("payload")
    for name in METADATA:
        if isinstance(payload, dict) and name in payload:
            reader.report.error(reader.pointer("payload", name), say("NAME_OF_ENGINE", _OWN, name=name))
    parameters = tuple(_parameters(reader)) if "parameters" in reader else ()
    levels = max((name.count(".") + 1 for name, _ in parameters), default=0)
    return OverridePayloadSettings(parameters=parameters, levels=levels, payload=reader.template("payload"))


def compile_redirect(reader: Reader) -> RedirectSettings:
    """Returns the settings of a `redirect`."""
    return RedirectSettings(target=reader.value["target"], max_visits=reader.integer("max_visits"))


def compile_terminate(reader: Reader) -> TerminateSettings:
    """Returns the settings of a `terminate`."""
    return TerminateSettings(status=reader.value.get("status", "COMPLETED"), reason=reader.template("reason"))


def _parameters(reader: Reader) -> Iterator[tuple[str, Template]]:
    seen: dict[str, str] = {}
    for parameter in reader.children("parameters"):
        name: str = parameter.value["name"]
        parts = tuple(name.split("."))
        if not all(parts):
            parameter.error("name", say("NAME_PART_EMPTY", "{name!r} has an empty part", name=name))
        if parts[0] in METADATA:
            parameter.error("name", say("NAME_OF_ENGINE", _OWN, name=parts[0]))
        if name in seen:
            wording = "{name!r} is set at {place} already; this value wins"
            parameter.warning("name", say("SET_TWICE", wording, name=name, place=seen[name]))
        seen[name] = join_pointer(parameter.path, "name")
        value = parameter.template("value")
        assert value is not None  # the schema requires it
        yield name, value
