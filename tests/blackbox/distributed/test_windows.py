"""When a call may be made again in a distributed installation: only where a fault that hides outcomes lies between."""

import pytest

from blackbox.evidence.distributed import InstallationEvidence, Window
from blackbox.evidence.invariants import bounded_duplication, repeated
from blackbox.evidence.load import Line, Order, Row
from blackbox.evidence.workloads import LINEAR, ONCE, Workload

SECOND = 1_000_000_000


def _line(workload: Workload, at: float) -> Line:
    step = workload.calls(0)[0]
    return {"path": f"/run/0/{step}", "key": f"e0:{step}:1", "hash": "same", "at": int(at * SECOND)}


def _evidence(workload: Workload, *windows: Window) -> InstallationEvidence:
    """A call that was made at the seconds 10 and 50."""
    row: Row = {
        "workflow_execution_id": "e0",
        "status": "COMPLETED",
        "workflow_event_log": {"events": [{"type": "EXECUTION_STARTED", "input": {"n": 0}}]},
        "workflow_details": {"workflow_name": workload.name},
    }
    lines = [_line(workload, 10), _line(workload, 50)]
    return InstallationEvidence([Order(0, workload, "e0")], {"e0": row}, lines, windows=windows)


def _window(begun: float, ended: float, *, hides: bool = True) -> Window:
    return Window("A fault", int(begun * SECOND), int(ended * SECOND), hides)


@pytest.mark.parametrize("window", [_window(20, 30), _window(5, 11), _window(49, 60), _window(6, 7)], ids=repr)
def test_a_call_may_be_made_again_after_a_fault(window: Window) -> None:
    evidence = _evidence(LINEAR, window)
    assert bounded_duplication(evidence) == 1
    assert repeated(evidence) == 1


@pytest.mark.parametrize(
    "windows",
    [(), (_window(0, 1),), (_window(51, 60),), (_window(20, 30, hides=False),)],
    ids=["no fault", "long before", "afterwards", "of a server, which makes no calls"],
)
def test_a_call_may_not_be_made_again_without_one(windows: tuple[Window, ...]) -> None:
    with pytest.raises(AssertionError, match="was called at"):
        bounded_duplication(_evidence(LINEAR, *windows))


def test_what_must_not_be_repeated_is_not_excused_by_a_fault() -> None:
    with pytest.raises(AssertionError, match="was called 2 times"):
        bounded_duplication(_evidence(ONCE, _window(20, 30)))
