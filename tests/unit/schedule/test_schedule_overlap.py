"""What a start of a schedule does while executions before it are open."""

import pytest

from looply.schedule import decide_overlap
from looply.schedule.overlap import MAX_QUEUED


@pytest.mark.parametrize("is_running", [False, True])
@pytest.mark.parametrize("queued", [0, 1, MAX_QUEUED])
def test_the_rule_allow_starts_whatever_is_open_and_queued(is_running: bool, queued: int) -> None:
    assert decide_overlap("allow", is_running=is_running, queued=queued) is None


def test_the_rule_skip_skips_a_start_only_while_the_last_execution_is_open() -> None:
    assert decide_overlap("skip", is_running=True, queued=0) == "SKIPPED"
    assert decide_overlap("skip", is_running=False, queued=0) is None


def test_the_rule_skip_does_not_wait_for_starts_that_an_earlier_rule_has_queued() -> None:
    assert decide_overlap("skip", is_running=False, queued=1) is None


def test_the_rule_queue_starts_only_when_nothing_is_open_or_queued_before() -> None:
    assert decide_overlap("queue", is_running=False, queued=0) is None
    assert decide_overlap("queue", is_running=True, queued=0) == "QUEUED"
    assert decide_overlap("queue", is_running=False, queued=1) == "QUEUED"


@pytest.mark.parametrize("is_running", [False, True])
def test_a_start_that_finds_the_queue_full_is_skipped(is_running: bool) -> None:
    assert decide_overlap("queue", is_running=is_running, queued=MAX_QUEUED - 1) == "QUEUED"
    assert decide_overlap("queue", is_running=is_running, queued=MAX_QUEUED) == "SKIPPED"
