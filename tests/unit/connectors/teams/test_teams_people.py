"""What is known of people, and from which events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.connectors.teams.calls.bot import Member
from looply.connectors.teams.calls.people import (
    REMOVED,
    Checked,
    Person,
    ToChannel,
    ToChat,
    ToPerson,
    is_named,
    merge,
    read_recipient,
)
from looply.connectors.teams.inbound.activities import (
    Installed,
    Joined,
    Left,
    Other,
    Place,
    Removed,
    Sender,
    Wrote,
)
from looply.connectors.teams.inbound.directory import (
    is_recipient,
    lists_members,
    people_of,
    people_of_members,
)
from looply.errors import BadInput

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
ANNA = Sender(id="anna-id", mri="29:anna", name="Anna", locale="de-DE")
CHAT = Place(service_url="https://smba.example/de", conversation="a:1", is_personal=True)
TEAM = Place(service_url="https://smba.example/de", conversation="19:t@thread.tacv2", is_personal=False)
KNOWN = Person(id="anna-id", mail="anna@contoso.test", mri="29:old", conversation="a:0", seen_on=NOW)

texts = st.sampled_from(["", "one", "two"])
people = st.builds(
    Person,
    id=st.just("p"),
    mail=texts,
    mri=texts,
    conversation=texts,
    service_url=texts,
    state=st.sampled_from(["unknown", "reachable", "blocked"]),
    reason=texts,
    seen_on=st.none() | st.sampled_from([NOW, NOW + timedelta(hours=1)]),
    lost=texts,
    checked=st.none()
    | st.builds(
        Checked,
        on=st.sampled_from([NOW, NOW + timedelta(hours=2)]),
        is_installed=st.sampled_from([None, False, True]),
        failure=texts,
    ),
)


@given(people, people)
def test_merging_the_same_again_changes_nothing_and_nothing_known_is_lost(one: Person, other: Person) -> None:
    found = merge(one, other)
    assert merge(found, other) == found
    assert merge(None, other) == other
    for name in ("mail", "mri", "conversation", "service_url"):
        assert getattr(found, name) in {getattr(one, name), getattr(other, name)}
        assert bool(getattr(found, name)) == bool(getattr(one, name) or getattr(other, name))


def test_the_newest_replaces_what_was_known_and_an_older_event_that_comes_late_does_not() -> None:
    newer = Person(id="anna-id", mri="29:new", state="reachable", seen_on=NOW + timedelta(hours=1))
    assert merge(KNOWN, newer).mri == merge(newer, KNOWN).mri == "29:new"
    assert merge(KNOWN, newer).mail == "anna@contoso.test"


def test_a_person_who_was_blocked_recovers_and_is_no_longer_recovered_once_blocked_again() -> None:
    blocked = Person(id="anna-id", state="blocked", reason="MessageWritesBlocked", seen_on=NOW)
    back = Person(id="anna-id", state="reachable", seen_on=NOW + timedelta(hours=1))
    recovered = merge(blocked, back)
    assert (recovered.recovered_on, recovered.reason) == (back.seen_on, "")
    assert merge(recovered, Person(id="anna-id", name="Anna")).recovered_on == back.seen_on
    again = Person(id="anna-id", state="blocked", reason="MessageWritesBlocked", seen_on=NOW + timedelta(hours=2))
    assert merge(recovered, again).recovered_on is None


def test_a_sign_of_life_after_a_check_refutes_what_it_missed_and_one_before_it_does_not() -> None:
    checked = Checked(on=NOW, is_installed=False, failure="PersonNotFound")
    missed = Person(id="anna-id", state="reachable", seen_on=NOW - timedelta(hours=1), checked=checked)
    assert merge(missed, Person(id="anna-id", checked=checked)).checked == checked
    late = Person(id="anna-id", state="reachable", seen_on=NOW - timedelta(minutes=1))
    assert merge(missed, late).checked == checked
    alive = Person(id="anna-id", state="reachable", seen_on=NOW + timedelta(minutes=1))
    assert merge(missed, alive).checked == Checked(on=NOW)
    found = Person(id="anna-id", checked=Checked(on=NOW + timedelta(hours=1), is_installed=True))
    assert merge(missed, found).checked == merge(found, missed).checked == found.checked


def test_a_chat_that_was_lost_is_found_by_the_next_one_who_names_it() -> None:
    lost = merge(KNOWN, Person(id="anna-id", conversation="a:0", lost="a:0"))
    assert lost.lost == "a:0"
    assert merge(lost, Person(id="anna-id", name="Anna")).lost == "a:0"
    assert merge(lost, Person(id="anna-id", conversation="a:0", seen_on=NOW)).lost == ""


def test_an_installation_makes_a_person_reachable_and_a_removal_does_not() -> None:
    (installed,) = people_of(Installed(sender=ANNA, place=CHAT), NOW)
    (removed,) = people_of(Removed(sender=ANNA, place=CHAT), NOW + timedelta(minutes=1))
    (again,) = people_of(Wrote(sender=ANNA, place=CHAT), NOW + timedelta(minutes=2))
    assert (installed.conversation, installed.service_url, installed.mri, installed.locale) == (
        "a:1",
        "https://smba.example/de",
        "29:anna",
        "de-DE",
    )
    states = []
    known: Person | None = None
    for each in (installed, removed, again):
        known = merge(known, each)
        states.append((known.state, known.reason))
    assert states == [("reachable", ""), ("blocked", REMOVED), ("reachable", "")]


def test_what_happens_in_a_team_says_nothing_of_a_personal_chat() -> None:
    assert people_of(Removed(sender=ANNA, place=TEAM), NOW) == ()
    (found,) = people_of(Installed(sender=ANNA, place=TEAM), NOW)
    assert (found.conversation, found.state, found.mri) == ("", "unknown", "29:anna")
    (joined,) = people_of(Joined(place=TEAM, members=(ANNA, Sender(id="", mri="29:guest"))), NOW)
    assert joined.id == "anna-id"
    assert people_of(Left(place=TEAM, members=(ANNA,)), NOW) == people_of(Other(kind="x", is_invoke=False), NOW) == ()


def test_members_bring_the_mail_addresses_that_events_lack() -> None:
    members = [
        Member(id="29:anna", aad_object_id="ANNA-ID", email="Anna@Contoso.test", user_principal_name="anna@upn.test"),
        Member(id="29:guest"),
    ]
    (found,) = people_of_members(members, "https://smba.example/de", NOW)
    assert (found.id, found.mail, found.upn, found.state) == (
        "anna-id",
        "anna@contoso.test",
        "anna@upn.test",
        "unknown",
    )
    assert lists_members(Installed(sender=ANNA, place=TEAM))
    assert not lists_members(Removed(sender=ANNA, place=CHAT))


@pytest.mark.parametrize("recipient", ["anna@contoso.test", "ANNA@Contoso.Test", " anna@upn.test ", "a.smith@old.test"])
def test_a_person_is_named_by_every_address_in_any_case(recipient: str) -> None:
    person = Person(id="anna-id", mail="anna@contoso.test", upn="anna@upn.test")
    assert is_named(person, recipient, ["SMTP:A.Smith@old.test"])


def test_the_recipient_is_found_by_the_id_of_entra_alone() -> None:
    assert is_recipient(ANNA, KNOWN, "anna@contoso.test")
    assert not is_recipient(ANNA, KNOWN, "bob@contoso.test")
    assert not is_recipient(ANNA, None, "anna@contoso.test")
    assert not is_recipient(Sender(id="", mri="29:anna", name="anna@contoso.test"), KNOWN, "anna@contoso.test")
    assert not is_recipient(Sender(id="eve-id", mri="29:anna"), KNOWN, "anna@contoso.test")
    assert not is_named(Person(id="x"), "")


@pytest.mark.parametrize(
    ("text", "recipient"),
    [
        ("Manager@Contoso.Test", ToPerson("manager@contoso.test")),
        ("teams:channel/19:abc@thread.tacv2", ToChannel("19:abc@thread.tacv2")),
        ("teams:chat/19:abc@thread.v2", ToChat("19:abc@thread.v2")),
    ],
)
def test_recipients_are_people_channels_and_chats(text: str, recipient: Any) -> None:
    assert read_recipient(text) == recipient


@pytest.mark.parametrize(
    "text", ["", "manager", "teams:channel/abc", "teams:chat/", " a@b.test", "teams:channel/19:\n", "teams:other/19:x"]
)
def test_what_is_no_recipient_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_recipient(text)
