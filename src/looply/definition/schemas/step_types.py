"""The table of step types: their titles, exits and kinds, and how editors show them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import msgspec

from looply.jsontext import Json

Group: TypeAlias = Literal["start", "systems", "people", "flow", "data", "end"]
"""The groups of step types in the toolbox of an editor."""


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """One type of step."""

    name: str
    title: str
    group: Group
    icon: str
    """The name of its icon in the web app."""
    summary: str
    """What a step of the type does, in one or two sentences without markup."""
    exits: tuple[str, ...] = ("next",)
    """The exits of every step of the type, except `error`."""
    has_branches: bool = False
    """Whether each of the settings' `branches` is an exit too."""
    can_fail: bool = True
    """Whether it has an exit `error`."""
    is_call: bool = False
    """Whether it has effects on other systems, so that `retry`, `timeout`, `park` and `on_unknown` apply."""
    is_pause: bool = False
    """Whether it always suspends the path for some time."""
    main_exit: str = "next"
    """The exit that continues when a step is inserted into an edge: `first` for that of the first branch, `join` for
    the `next` of its join, empty when the path ends here or continues elsewhere."""


def exits_of(step_type: StepType, settings: Json) -> tuple[str, ...]:
    """Returns the exits of one step, `error` last. The settings may be any value; invalid branches are skipped."""
    found = list(step_type.exits)
    if step_type.has_branches and isinstance(settings, dict) and isinstance(settings.get("branches"), list):
        ids = [branch.get("id") for branch in settings["branches"] if isinstance(branch, dict)]
        found = [id_ for id_ in ids if isinstance(id_, str)] + found
    return (*dict.fromkeys(found), "error") if step_type.can_fail else tuple(dict.fromkeys(found))


_TYPES = (
    StepType(
        name="trigger",
        title="Event trigger",
        group="start",
        icon="bolt",
        summary="The start: by a call, or by a schedule. A workflow has exactly one.",
        can_fail=False,
    ),
    StepType(
        name="httpRequest",
        title="HTTP request",
        group="systems",
        icon="link",
        summary="Sends one HTTP request to any system and keeps its answer.",
        is_call=True,
    ),
    StepType(
        name="sapRequest",
        title="SAP request",
        group="systems",
        icon="system",
        summary="Calls an OData service of an SAP system; CSRF token and session are handled.",
        is_call=True,
    ),
    StepType(
        name="operation",
        title="Operation",
        group="systems",
        icon="system",
        summary="Calls an operation of an installed connector.",
        is_call=True,
    ),
    StepType(
        name="function",
        title="Function",
        group="data",
        icon="operations",
        summary="Runs JavaScript or Python in a sandbox, without network and files.",
        is_call=True,
    ),
    StepType(
        name="conditional",
        title="Conditional",
        group="flow",
        icon="branch",
        summary="Takes yes when all rules hold, else no.",
        main_exit="yes",
        exits=("yes", "no"),
    ),
    StepType(
        name="branchConditional",
        title="Branch conditional",
        group="flow",
        icon="branch",
        summary="Compares one value with that of each branch, and takes the first that is equal.",
        main_exit="first",
        exits=("else",),
        has_branches=True,
    ),
    StepType(
        name="advancedConditional",
        title="Advanced conditional",
        group="flow",
        icon="branch",
        summary="Takes the first branch whose conditions hold.",
        main_exit="first",
        exits=("else",),
        has_branches=True,
    ),
    StepType(
        name="adaptiveCard",
        title="Adaptive card",
        group="people",
        icon="cards",
        summary="Sends a card to people and may wait for their answers; changes or deletes cards.",
        exits=("next", "timeout"),
        is_call=True,
    ),
    StepType(
        name="approval",
        title="Approval",
        group="people",
        icon="stamp",
        summary="Asks people to approve or reject, until enough have decided.",
        main_exit="approved",
        exits=("approved", "rejected", "timeout"),
        is_pause=True,
    ),
    StepType(
        name="wait",
        title="Wait",
        group="people",
        icon="waiting",
        summary="Waits until another system or a person continues the execution.",
        exits=("next", "timeout"),
        is_pause=True,
    ),
    StepType(
        name="delay",
        title="Delay",
        group="flow",
        icon="clock",
        summary="Waits for a time, or until an instant.",
        is_pause=True,
    ),
    StepType(
        name="overridePayload",
        title="Override payload",
        group="data",
        icon="table",
        summary="Sets values of the payload, or replaces it.",
    ),
    StepType(
        name="datastore",
        title="Datastore",
        group="data",
        icon="data",
        summary="Reads or changes a named document that every workflow can read.",
        is_call=True,
    ),
    StepType(name="email", title="Email", group="people", icon="mail", summary="Sends a mail.", is_call=True),
    StepType(
        name="parallel",
        title="Parallel",
        group="flow",
        icon="workflows",
        summary="Runs its branches at the same time.",
        main_exit="join",
        exits=(),
        has_branches=True,
    ),
    StepType(
        name="join",
        title="Join",
        group="flow",
        icon="workflows",
        summary="Continues when enough branches of its parallel have arrived.",
    ),
    StepType(
        name="forEach",
        title="For each",
        group="flow",
        icon="loop",
        summary="Runs its body once for each item of a list, then continues.",
        exits=("each", "next"),
    ),
    StepType(
        name="subworkflow",
        title="Subworkflow",
        group="flow",
        icon="executions",
        summary="Starts another workflow, and may wait for its end.",
        is_pause=True,
    ),
    StepType(
        name="redirect",
        title="Redirect",
        group="flow",
        icon="pass",
        summary="Jumps to an earlier step, for loops.",
        main_exit="",
        exits=(),
    ),
    StepType(
        name="terminate",
        title="Terminate",
        group="end",
        icon="ended",
        summary="Ends the execution at once.",
        main_exit="",
        exits=(),
        can_fail=False,
    ),
)

STEP_TYPES: Final[Mapping[str, StepType]] = MappingProxyType({step_type.name: step_type for step_type in _TYPES})
"""Every step type by its name, in the order of the contract."""


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """How editors name an exit, and when it is taken."""

    label: str
    when: str


EXITS: Final[Mapping[str, Exit]] = MappingProxyType(
    {
        "next": Exit(label="Next", when="the step is done"),
        "yes": Exit(label="Yes", when="all rules hold"),
        "no": Exit(label="No", when="a rule does not hold"),
        "else": Exit(label="Else", when="no branch matches"),
        "timeout": Exit(label="Timeout", when="the time of the step is over and it still waits"),
        "approved": Exit(label="Approved", when="enough people have approved"),
        "rejected": Exit(label="Rejected", when="so many have rejected that the quorum cannot be reached any more"),
        "each": Exit(label="For each item", when="an item begins; its body ends where a step has an open exit"),
        "error": Exit(
            label="Error",
            when="the step has failed and is not tried again; without an edge here the"
            " execution stops with an incident",
        ),
    }
)
"""Every exit that is no branch, by its name."""
