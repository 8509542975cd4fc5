"""Whether the bot can reach a person, by what is stored of them."""

from datetime import UTC, datetime, timedelta

import pytest

from looply.app.administration.teams import STATUSES
from looply.app.messages.bots import ReachStatus
from looply.channels.teams.health import RECENT, reach_of, status_of
from looply.connectors.teams.calls.delivery import NOT_FOUND
from looply.connectors.teams.calls.people import REMOVED, Checked, Person

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
CHAT = Person(id="anna-id", conversation="a:1", state="reachable", seen_on=NOW)
BARE = Person(id="anna-id", mail="anna@contoso.test")

CASES: list[tuple[ReachStatus, Person]] = [
    ("HEALTHY", CHAT),
    ("HEALTHY", Person(id="p", conversation="a:1")),
    ("HEALTHY", Person(id="p", conversation="a:1", checked=Checked(on=NOW, failure="OwnPace"))),
    ("HEALTHY", Person(id="p", conversation="a:2", lost="a:1")),
    ("HEALTHY", Person(id="p", conversation="a:1", state="reachable", recovered_on=NOW - RECENT)),
    ("RECOVERED", Person(id="p", conversation="a:1", state="reachable", recovered_on=NOW - timedelta(days=1))),
    ("PROVISIONING", Person(id="p", checked=Checked(on=NOW, is_installed=True))),
    ("NO_CONTEXT", Person(id="p", mri="29:p")),
    ("NO_CONTEXT", Person(id="p", checked=Checked(on=NOW))),
    ("STALE_CONTEXT", Person(id="p", conversation="a:1", lost="a:1", checked=Checked(on=NOW, is_installed=True))),
    ("BLOCKED", Person(id="p", conversation="a:1", state="blocked", reason="MessageWritesBlocked")),
    ("BLOCKED", Person(id="p", state="blocked")),
    ("NOT_INSTALLED", Person(id="p", conversation="a:1", state="blocked", reason=REMOVED)),
    ("NOT_INSTALLED", Person(id="p", state="blocked", reason="BotNotInConversationRoster")),
    ("NOT_INSTALLED", Person(id="p", state="blocked", reason="AppNotInCatalog")),
    ("NOT_INSTALLED", Person(id="p", conversation="a:1", checked=Checked(on=NOW, is_installed=False))),
    ("FAILED", Person(id="p", state="blocked", reason="Authorization_RequestDenied")),
    ("FAILED", Person(id="p", conversation="a:1", checked=Checked(on=NOW, failure=NOT_FOUND))),
    ("FAILED", Person(id="p", mri="29:p", checked=Checked(on=NOW, failure="HTTP_500"))),
    ("NOT_CHECKED", BARE),
]


@pytest.mark.parametrize(("status", "person"), CASES)
def test_the_status_is_that_of_the_last_refusal_the_last_check_and_the_chat(
    status: ReachStatus, person: Person
) -> None:
    assert status_of(person, NOW) == status


def test_every_status_has_a_case() -> None:
    assert {status for status, _ in CASES} == set(STATUSES)


def test_a_person_is_shown_with_the_last_refusal_and_the_last_check() -> None:
    shown = reach_of(Person(id="p", state="blocked", reason="X", checked=Checked(on=NOW, failure="Y")), NOW)
    assert (shown.reason, shown.failure, shown.checked_on, shown.seen_on) == ("X", "Y", NOW, None)
    assert reach_of(BARE, NOW).checked_on is None
