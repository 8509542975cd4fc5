"""What a message that was not delivered is for the engine, the same for Teams and mail."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from looply.channels.breaker import Breaker, Used
from looply.channels.email.channel import classify_failure as missed_mail
from looply.channels.outcomes import Meaning, Missed, delivery_error, require_usable
from looply.channels.teams.outcomes import classify_failure as missed_message
from looply.connectors.email.cards import delivery as mail
from looply.connectors.teams.calls import answers as teams
from looply.engine.ports.card_channel import Blocked, Broken, TryAgain, Unknown
from looply.errors import OperationError, Unavailable

NOW = datetime(2026, 7, 1, tzinfo=UTC)
USED = Used("org-1", "SENDER", 3)
HALF_A_MINUTE = timedelta(seconds=30)
OF_TEAMS: dict[teams.Meaning, Meaning] = {
    "not_installed": "blocked",
    "gone": "broken",
    "no_conversation": "broken",
    "elsewhere": "broken",
    "too_large": "broken",
}
"""The meanings that only Teams has; the others are those of every channel."""


def outcome(meaning: Meaning, after: timedelta = timedelta()) -> OperationError:
    return delivery_error(Missed(meaning=meaning, code="C", text="said", after=after), Breaker("x"), USED, NOW)


@pytest.mark.parametrize(
    ("meaning", "kind"),
    [("again", Unavailable), ("blocked", Blocked), ("unknown", Unknown), ("broken", Broken)],
)
def test_each_meaning_has_its_outcome_with_the_text(meaning: Meaning, kind: type[OperationError]) -> None:
    found = outcome(meaning)
    assert (type(found), found.message) == (kind, "said")


@pytest.mark.parametrize(
    ("meaning", "after", "pause"),
    [
        ("throttled", timedelta(), timedelta(seconds=1)),
        ("throttled", HALF_A_MINUTE, HALF_A_MINUTE),
        ("again", HALF_A_MINUTE, HALF_A_MINUTE),
    ],
)
def test_a_pause_that_a_system_asks_for_is_kept(meaning: Meaning, after: timedelta, pause: timedelta) -> None:
    found = outcome(meaning, after)
    assert isinstance(found, TryAgain)
    assert (found.after, found.is_for_all) == (pause, False)


def test_a_connection_that_cannot_be_used_is_held_with_a_pause_that_grows() -> None:
    breaker, missed = Breaker("x"), Missed(meaning="unusable", code="BotNotRegistered", text="said")
    require_usable(breaker, USED, NOW)
    pauses, now = [], NOW
    for _ in range(3):
        found = delivery_error(missed, breaker, USED, now)
        assert isinstance(found, TryAgain)
        assert found.message == "the connection SENDER cannot be used: BotNotRegistered"
        with pytest.raises(TryAgain, match=r"the connection SENDER cannot be used$") as held:
            require_usable(breaker, USED, now)
        assert held.value.after == found.after
        pauses.append(found.after)
        now += found.after
        require_usable(breaker, USED, now)
    assert pauses == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    require_usable(breaker, USED._replace(revision=4), NOW)
    # The name of a connection is not unique among organizations.
    require_usable(breaker, USED._replace(organization_id="org-2"), NOW)


@pytest.mark.parametrize("meaning", get_args(teams.Meaning))
def test_every_meaning_of_teams_has_one_of_all_channels(meaning: teams.Meaning) -> None:
    found = missed_message(teams.Failure(meaning=meaning, code="C", status=503, after=HALF_A_MINUTE), 0)
    expected = OF_TEAMS.get(meaning, meaning)
    assert found == Missed(meaning=expected, code="C", text="Teams: C", after=HALF_A_MINUTE)  # type: ignore[arg-type]


def test_an_error_of_microsoft_that_recurs_is_broken_after_the_third_try() -> None:
    failure = teams.Failure(meaning="again", code="ServiceError", status=500)
    assert [missed_message(failure, tries).meaning for tries in range(3)] == ["again", "again", "broken"]


def test_channels_and_mails_have_the_same_meanings() -> None:
    assert get_args(mail.Meaning) == get_args(Meaning)
    found = missed_mail(mail.Failure(meaning="blocked", code="MAIL_REFUSED", status="550", after=HALF_A_MINUTE))
    assert found == Missed(meaning="blocked", code="MAIL_REFUSED", text="mail: MAIL_REFUSED 550", after=HALF_A_MINUTE)
