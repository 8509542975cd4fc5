"""The meaning and the remedy of the error codes of calls that monitor: figures, moments, systems that are down."""

from typing import Final, Literal

MONITORING_ERRORS: Final[dict[str, tuple[Literal["call", "state"], str]]] = {
    "BAD_SPAN": ("call", "`from` is not before `to`, or the span is too long for its buckets. Ask for several spans."),
    "CONNECTION_AWAITED": (
        "state",
        "The connection gets another name while calls by it wait for a system that is stopped. Rename it later.",
    ),
    "EVENT_NOT_FOUND": ("state", "No entry of the execution's log has this number; it is the `seq` of an entry."),
    "SCOPE_NOT_FOUND": ("state", "No branch or iteration with this name was open then. Take one of `paths`."),
    "TARGET_CHANGED": (
        "state",
        "Others change the state of the system at the same time. Repeat the call in a second.",
    ),
    "TARGET_NOT_FOUND": (
        "state",
        "The system is called as usual, so nothing waits for it. `getTargets` lists those that are not.",
    ),
    "TARGET_REFUSED": ("state", "The system, the time or the rate is not acceptable. `errors` says which, and why."),
}
