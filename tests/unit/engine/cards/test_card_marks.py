"""What a try to show a copy changes in its row."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from looply.engine.cards.marks import (
    CHECK_PAUSE,
    REPORT_PAUSE,
    UNKNOWN_PAUSE,
    is_reminder,
    mark_failed,
    mark_learned,
    mark_never_shown,
    mark_shown,
)
from looply.engine.ports.card_channel import Blocked, Broken, TryAgain, Unknown
from looply.engine.records.copies import CHECKING, SURE, UNSURE, CopyRow
from looply.errors import LooplyError, NotFound, Unavailable
from looply.execution.approvals.card_view import CardView
from looply.testing.clock import START_TIME

NOW = START_TIME + timedelta(hours=1)
ONE = '{"a":["1"]}'
VIEW = CardView(number=4, status="OPEN", card={}, revision=1, recipient="ann@example.com")


def row(**fields: Any) -> CopyRow:
    facts: dict[str, Any] = {
        "card_id": "c",
        "execution_id": "e",
        "channel": "teams",
        "wanted": 4,
        "since": START_TIME,
        **fields,
    }
    return CopyRow(**facts)


def test_a_copy_that_is_shown_first_is_to_be_reported_and_one_that_was_shown_before_is_not() -> None:
    first = mark_shown(row(attempts=2, code="UNKNOWN"), VIEW, ONE, NOW)
    assert (first.shown, first.handle, first.state, first.since, first.is_reported) == (4, ONE, "SHOWN", NOW, False)
    assert (first.attempts, first.code, first.doubt, first.due) == (0, "", SURE, NOW + REPORT_PAUSE)
    again = mark_shown(row(state="SHOWN", handle=ONE), VIEW, ONE, NOW)
    assert (again.since, again.is_reported) == (START_TIME, True)
    late = mark_shown(row(state="SHOWN", handle=ONE, is_reported=False), VIEW, ONE, NOW)
    assert not late.is_reported


def test_after_a_call_in_doubt_a_copy_is_brought_once_more() -> None:
    shown = mark_shown(row(doubt=UNSURE, handle=ONE), VIEW, ONE, NOW)
    assert (shown.doubt, shown.due) == (CHECKING, NOW + CHECK_PAUSE)
    assert mark_shown(row(doubt=CHECKING, handle=ONE, shown=4), VIEW, ONE, NOW).doubt == SURE
    # It has changed before the time was over, in which the call in doubt may still come.
    assert mark_shown(row(doubt=CHECKING, handle=ONE, shown=3), VIEW, ONE, NOW).doubt == CHECKING


def test_the_call_of_a_process_that_died_is_in_doubt() -> None:
    assert mark_shown(row(takes=1, handle=ONE), VIEW, ONE, NOW).doubt == SURE
    assert mark_shown(row(takes=2, handle=ONE), VIEW, ONE, NOW).doubt == CHECKING
    assert mark_failed(row(takes=2, handle=ONE), VIEW, Unavailable("away"), NOW).doubt == UNSURE


@pytest.mark.parametrize("error", [Unknown("cut"), TimeoutError(), Unavailable("cut", sent=True)])
def test_an_unknown_first_send_waits_for_a_sign_of_life_whatever_changes(error: LooplyError | TimeoutError) -> None:
    mark = mark_failed(row(), VIEW, error, NOW)
    assert (mark.due, mark.held, mark.doubt) == (NOW + UNKNOWN_PAUSE, NOW + UNKNOWN_PAUSE, UNSURE)
    assert (mark.shown, mark.state, mark.attempts) == (0, "PENDING", 1)


@pytest.mark.parametrize("error", [Unknown("cut"), TimeoutError(), Unavailable("cut", sent=True)])
def test_an_unknown_update_is_repeated_soon_and_after_a_change_at_once(error: LooplyError | TimeoutError) -> None:
    mark = mark_failed(row(handle=ONE, state="SHOWN"), VIEW, error, NOW)
    assert (mark.due, mark.held, mark.doubt) == (NOW + timedelta(seconds=2), None, UNSURE)
    assert (mark.state, mark.handle) == ("SHOWN", ONE)


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 2), (1, 4), (5, 64), (8, 300), (60, 300)])
def test_pauses_grow_up_to_five_minutes(attempts: int, seconds: int) -> None:
    for error in (Unavailable("away"), NotFound("gone")):
        mark = mark_failed(row(attempts=attempts), VIEW, error, NOW)
        assert (mark.due - NOW, mark.doubt, mark.held) == (timedelta(seconds=seconds), SURE, None)
        assert (mark.code, mark.reason) == (error.code, error.message)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (timedelta(seconds=30), timedelta(seconds=30)),
        (timedelta(days=9), timedelta(hours=1)),
        (timedelta(seconds=-3), timedelta(0)),
    ],
)
def test_a_pause_that_is_asked_for_holds_and_has_a_bound(asked: timedelta, kept: timedelta) -> None:
    mark = mark_failed(row(handle=ONE), VIEW, TryAgain(asked), NOW)
    assert (mark.due, mark.held, mark.handle, mark.doubt) == (NOW + kept, NOW + kept, ONE, SURE)
    assert mark_failed(row(), VIEW, TryAgain(asked, handle='{"c":"x"}'), NOW).handle == '{"c":"x"}'


@pytest.mark.parametrize(("error", "state"), [(Blocked("no", code="B"), "BLOCKED"), (Broken("no", code="B"), "FAILED")])
def test_what_cannot_be_delivered_is_settled_and_reported_once(error: LooplyError, state: str) -> None:
    mark = mark_failed(row(attempts=3), VIEW, error, NOW)
    assert (mark.state, mark.code, mark.reason, mark.since) == (state, "B", "no", NOW)
    assert (mark.shown, mark.attempts, mark.is_reported) == (4, 0, False)
    again = mark_failed(row(state=state, code="B"), VIEW, error, NOW)
    assert (again.since, again.is_reported) == (START_TIME, True)
    other = mark_failed(row(state=state, code="A"), VIEW, error, NOW)
    assert (other.since, other.is_reported) == (START_TIME, False)


def test_without_a_view_nothing_is_settled() -> None:
    assert mark_failed(row(), None, Blocked("no"), NOW).shown == 0


def test_a_long_reason_is_cut() -> None:
    assert len(mark_failed(row(), VIEW, Unavailable("x" * 9000), NOW).reason) == 301


def test_a_copy_that_was_over_first_keeps_its_state() -> None:
    mark = mark_never_shown(row(state="BLOCKED", code="B", doubt=UNSURE), 9, NOW)
    assert (mark.shown, mark.state, mark.code, mark.doubt, mark.is_reported) == (9, "BLOCKED", "B", SURE, True)


def test_messages_that_were_found_during_a_call_are_kept_and_brought() -> None:
    mark = mark_shown(row(handle=ONE), VIEW, ONE, NOW)
    stored = row(handle='{"a":["1","2"]}', state="SHOWN")
    joined = mark_learned(mark, stored, ONE, NOW)
    assert (joined.handle, joined.doubt, joined.due, joined.shown) == ('{"a":["1","2"]}', CHECKING, NOW, 4)
    assert mark_learned(mark, row(handle=ONE), ONE, NOW) == mark
    failed = mark_failed(row(), VIEW, Unknown("cut"), NOW)
    found = mark_learned(failed, row(handle=ONE, state="SHOWN", since=NOW, is_reported=False), "", NOW)
    assert (found.state, found.handle, found.is_reported, found.since) == ("SHOWN", ONE, False, NOW)


@pytest.mark.parametrize(
    ("fields", "view", "reminds"),
    [
        ({"handle": ONE}, replace(VIEW, reminder=1), True),
        ({"handle": ONE, "reminded": 1}, replace(VIEW, reminder=1), False),
        ({"handle": ONE, "reminded": 1}, replace(VIEW, reminder=2), True),
        ({}, replace(VIEW, reminder=1), False),
        ({"handle": ONE}, replace(VIEW, reminder=1, status="ANSWERED"), False),
    ],
)
def test_a_reminder_is_a_message_of_its_own_beside_one_that_is_shown(
    fields: dict[str, Any], view: CardView, reminds: bool
) -> None:
    assert is_reminder(row(**fields), view) is reminds
    assert mark_shown(row(**fields), view, ONE, NOW).reminded == view.reminder


def test_a_message_may_show_itself_for_so_long_that_the_next_send_is_within_a_minute_of_the_fault() -> None:
    assert timedelta(seconds=45) == UNKNOWN_PAUSE
