"""Who gets the requests of an absent person, and which absences lead back to their own person."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from looply.execution.facts.absences import Absence, circle_of, find_substitute

NOW = datetime(2030, 1, 7, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def absence(person: str, substitute: str, begin: int = 0, end: int = 7, *workflows: str) -> Absence:
    facts: Any = {"begins_on": NOW + begin * DAY, "ends_on": NOW + end * DAY, "workflow_ids": workflows}
    return Absence(person=person, substitute=substitute, **facts)


def by_key(*absences: Absence) -> dict[str, Absence]:
    return {one.key: one for one in absences}


def test_the_substitute_of_a_substitute_who_is_absent_too_gets_the_request() -> None:
    known = by_key(absence("A@x", "b@x"), absence("B <b@x>", "c@x"))
    assert find_substitute(known, "a@x", "w") == "c@x"
    assert find_substitute(known, "b@x", "w") == "c@x"
    assert find_substitute(known, "c@x", "w") == ""


def test_an_absence_for_some_workflows_holds_for_these_alone() -> None:
    known = by_key(absence("a@x", "b@x", 0, 7, "w"), absence("b@x", "c@x", 0, 7, "v"))
    assert find_substitute(known, "a@x", "w") == "b@x"
    assert find_substitute(known, "a@x", "v") == ""


def test_where_the_substitutes_go_round_the_person_gets_the_request() -> None:
    known = by_key(absence("a@x", "b@x"), absence("b@x", "A@X"), absence("c@x", "a@x"))
    for person in ("a@x", "b@x", "c@x"):
        assert find_substitute(known, person, "w") == ""


def test_a_circle_is_found_with_all_of_its_people() -> None:
    known = by_key(absence("b@x", "c@x"), absence("c@x", "A@X"))
    assert circle_of(known, absence("a@x", "B@x")) == ["B@x", "c@x", "A@X"]
    assert circle_of({}, absence("a@x", "A <a@x>")) == ["A <a@x>"]


def test_absences_at_other_times_or_for_other_workflows_make_no_circle() -> None:
    for other in (absence("b@x", "a@x", 7, 9), absence("b@x", "a@x", 0, 7, "v"), absence("b@x", "c@x")):
        assert circle_of(by_key(other), absence("a@x", "b@x", 0, 7, "w")) == ()
    apart = by_key(absence("b@x", "c@x", 0, 3), absence("c@x", "a@x", 3, 7))
    assert circle_of(apart, absence("a@x", "b@x")) == ()
    disjoint = by_key(absence("b@x", "c@x", 0, 7, "v"), absence("c@x", "a@x", 0, 7, "w"))
    assert circle_of(disjoint, absence("a@x", "b@x")) == ()


def test_a_circle_of_others_is_no_circle_of_the_new_absence() -> None:
    known = by_key(absence("b@x", "c@x"), absence("c@x", "b@x"))
    assert circle_of(known, absence("a@x", "b@x")) == ()


PEOPLE = st.sampled_from(["a@x", "b@x", "c@x", "d@x", "e@x"])
SPANS = st.tuples(st.integers(0, 5), st.integers(1, 5))


@given(st.lists(st.tuples(PEOPLE, PEOPLE, SPANS), max_size=12), st.integers(0, 10))
def test_absences_that_were_accepted_one_by_one_always_lead_to_a_person_who_is_there(
    wishes: list[tuple[str, str, tuple[int, int]]], day: int
) -> None:
    stored: dict[str, Absence] = {}
    for person, substitute, (begin, span) in wishes:
        new = absence(person, substitute, begin, begin + span)
        others = {key: one for key, one in stored.items() if key != new.key}
        if not circle_of(others, new):
            stored[new.key] = new
    at = NOW + day * DAY
    active = {key: one for key, one in stored.items() if one.is_active(at)}
    for person in active:
        found = find_substitute(active, person, "w")
        assert found
        assert found not in active
