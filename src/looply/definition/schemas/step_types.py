"""The table of step types: their titles, exits and kinds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from looply.definition.schemas.settings_schema import SETTINGS
from looply.jsontext import Json


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of step."""

    name: str
    title: str
    exits: tuple[str, ...] = ("next",)
    """The exits of every step of the type, except `error`."""
    has_branches: bool = False
    """Whether each of the settings' `branches` is an exit too."""
    can_fail: bool = True
    """Whether it has an exit `error`."""
    is_call: bool = False
    """Whether it has effects on other systems, so that `retry`, `timeout` and `on_unknown` apply."""
    is_pause: bool = False
    """Whether it always suspends the path for some time."""


def exits_of(step_type: StepType, settings: Json) -> tuple[str, ...]:
    """Returns the exits of one step, `error` last. The settings may be any value; invalid branches are skipped."""
    found = list(step_type.exits)
    if step_type.has_branches and isinstance(settings, dict) and isinstance(settings.get("branches"), list):
        ids = [branch.get("id") for branch in settings["branches"] if isinstance(branch, dict)]
        found = [id_ for id_ in ids if isinstance(id_, str)] + found
    return (*dict.fromkeys(found), "error") if step_type.can_fail else tuple(dict.fromkeys(found))


_TYPES = (
    StepType(name="trigger", title="Event trigger", can_fail=False),
    StepType(name="httpRequest", title="HTTP request", is_call=True),
    StepType(name="sapRequest", title="SAP request", is_call=True),
    StepType(name="operation", title="Operation", is_call=True),
    StepType(name="function", title="Function", is_call=True),
    StepType(name="conditional", title="Conditional", exits=("yes", "no")),
    StepType(
        name="branchConditional",
        title="Branch conditional",
        exits=("else",),
        has_branches=True,
    ),
    StepType(
        name="advancedConditional",
        title="Advanced conditional",
        exits=("else",),
        has_branches=True,
    ),
    StepType(
        name="adaptiveCard",
        title="Adaptive card",
        exits=("next", "timeout"),
        is_call=True,
    ),
    StepType(
        name="approval",
        title="Approval",
        exits=("approved", "rejected", "timeout"),
        is_pause=True,
    ),
    StepType(name="wait", title="Wait", exits=("next", "timeout"), is_pause=True),
    StepType(name="delay", title="Delay", is_pause=True),
    StepType(name="overridePayload", title="Override payload"),
    StepType(name="datastore", title="Datastore", is_call=True),
    StepType(name="email", title="Email", is_call=True),
    StepType(name="parallel", title="Parallel", exits=(), has_branches=True),
    StepType(name="join", title="Join"),
    StepType(name="forEach", title="For each", exits=("each", "next")),
    StepType(name="subworkflow", title="Subworkflow", is_pause=True),
    StepType(name="redirect", title="Redirect", exits=()),
    StepType(name="terminate", title="Terminate", exits=(), can_fail=False),
)

STEP_TYPES: Final[Mapping[str, StepType]] = MappingProxyType({step_type.name: step_type for step_type in _TYPES})
"""Every step type by its name, in the order of the contract."""

assert STEP_TYPES.keys() == SETTINGS.keys()  # each type has a schema, each schema a type
