"""Error codes of the calls that editors of workflows and cards make."""

from typing import Final, Literal

STUDIO_ERRORS: Final[dict[str, tuple[Literal["call", "state"], str]]] = {
    "ACTIVATED": (
        "state",
        (
            "The draft was activated since it was read, and is locked. `next_version` is the number of the draft that "
            "the same save with the new `modified_on` makes."
        ),
    ),
    "VERSION_DELETED": ("state", "The version was deleted. Save its content as a new workflow or card."),
    "BAD_CANVAS": ("call", "The notes or folds are too many or too long, or two notes have one id. See `errors`."),
    "BAD_SAMPLES": (
        "call",
        "The samples are too many or too large, two have one name, or one has no value. See `errors`.",
    ),
    "NO_OUTPUT": ("state", "The execution has no output of the step. Take it from one that has passed the step."),
    "NO_STEP": ("call", "The definition has no step with the id."),
    "BAD_STEP_ID": ("call", "The step cannot have the id: it is none, reserved, or that of another step."),
    "NOT_TRIABLE": ("call", "The start of a workflow is not tried. Trigger the workflow."),
    "NOT_REPEATABLE": (
        "state",
        "The call takes effect in the other system. Try the step without `send`, or send `i_know` if that is intended.",
    ),
    "NOT_SENDABLE": ("state", "Trying a step changes no datastore. Try the step without `send`."),
}
"""Code -> its heading, its meaning and its remedy."""
