"""The overlap rule of a schedule: what a start does while executions before it are open. Pure."""

from typing import Final, Literal, assert_never

from looply.definition import Overlap

MAX_QUEUED: Final = 100
"""The most starts of one schedule that are queued; a further one is skipped."""


def decide_overlap(overlap: Overlap, *, is_running: bool, queued: int) -> Literal["QUEUED", "SKIPPED"] | None:
    """Returns what happens to a start that is due, None where it starts now.

    `is_running`: the schedule's last execution is open. `queued` is the number of starts that are queued already: they
    come first, so under the rule `queue` a further one starts only when there are none.
    """
    match overlap:
        case "allow":
            return None
        case "skip":
            return "SKIPPED" if is_running else None
        case "queue":
            if not is_running and not queued:
                return None
            return "QUEUED" if queued < MAX_QUEUED else "SKIPPED"
        case _:
            assert_never(overlap)
