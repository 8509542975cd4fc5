"""What stores promise about absences."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, WORKFLOW
from looply.clock import from_ms
from looply.engine.ports.store import Store
from looply.execution.facts.absences import Absence

BEGIN = from_ms(1_900_000_000_000)
DAY = timedelta(days=1)
ANN = Absence(
    person="Ann <Ann@Example.com>",
    substitute="bob@example.com",
    begins_on=BEGIN,
    ends_on=BEGIN + 7 * DAY,
    workflow_ids=(WORKFLOW, "ü"),
    note="say 'hello'\n",
)
CY = Absence(person="cy@example.com", substitute="ann@example.com", begins_on=BEGIN + DAY, ends_on=BEGIN + 2 * DAY)


async def active(store: Store, at: datetime) -> list[tuple[str, str]]:
    return [(organization_id, absence.key) for organization_id, absence in await store.absences.active(at)]


class AbsenceContract:
    """A person has at most one absence, and is found by any spelling of the address."""

    async def test_an_absence_comes_back_as_it_was_stored_by_any_spelling(self, store: Store) -> None:
        assert await store.absences.find(ORGANIZATION, "ann@example.com") is None
        await store.absences.put(ORGANIZATION, ANN)
        assert await store.absences.find(ORGANIZATION, "ANN@example.com ") == ANN
        assert await store.absences.find(OTHER_ORGANIZATION, "ann@example.com") is None
        assert await store.absences.find(ORGANIZATION, "bob@example.com") is None

    async def test_a_new_absence_takes_the_place_of_the_former_one(self, store: Store) -> None:
        await store.absences.put(ORGANIZATION, ANN)
        other = replace(ANN, person="ann@example.com", substitute="cy@example.com", workflow_ids=(), note="")
        await store.absences.put(ORGANIZATION, other)
        await store.absences.put(OTHER_ORGANIZATION, ANN)
        assert await store.absences.find(ORGANIZATION, "ann@example.com") == other
        assert await active(store, BEGIN) == sorted(
            [(ORGANIZATION, "ann@example.com"), (OTHER_ORGANIZATION, "ann@example.com")]
        )

    async def test_an_absence_is_active_from_its_begin_until_before_its_end(self, store: Store) -> None:
        await store.absences.put(ORGANIZATION, CY)
        tick = timedelta(milliseconds=1)
        spans = [(CY.begins_on - tick, 0), (CY.begins_on, 1), (CY.ends_on - tick, 1), (CY.ends_on, 0)]
        for at, count in spans:
            assert len(await active(store, at)) == count, at
            assert len(await store.absences.overlapping(ORGANIZATION, at, at + tick)) == count, at

    async def test_those_that_overlap_a_span_come_by_their_persons(self, store: Store) -> None:
        await store.absences.put(ORGANIZATION, CY)
        await store.absences.put(ORGANIZATION, ANN)
        await store.absences.put(OTHER_ORGANIZATION, CY)
        assert list(await store.absences.overlapping(ORGANIZATION, BEGIN - DAY, BEGIN + 9 * DAY)) == [ANN, CY]
        assert list(await store.absences.overlapping(ORGANIZATION, BEGIN, BEGIN + DAY)) == [ANN]
        assert list(await store.absences.overlapping("unknown", BEGIN, BEGIN + DAY)) == []

    async def test_an_absence_is_removed_once(self, store: Store) -> None:
        await store.absences.put(ORGANIZATION, ANN)
        assert await store.absences.drop(OTHER_ORGANIZATION, ANN.person) is False
        assert await store.absences.drop(ORGANIZATION, "ann@example.com") is True
        assert await store.absences.drop(ORGANIZATION, "ann@example.com") is False
        assert await store.absences.find(ORGANIZATION, "ann@example.com") is None

    async def test_only_what_ended_before_an_instant_is_removed_with_the_past(self, store: Store) -> None:
        await store.absences.put(ORGANIZATION, ANN)
        await store.absences.put(ORGANIZATION, CY)
        assert await store.absences.drop_ended(CY.ends_on) == 0
        assert await store.absences.drop_ended(CY.ends_on + DAY) == 1
        assert await store.absences.find(ORGANIZATION, CY.person) is None
        assert await store.absences.find(ORGANIZATION, ANN.person) == ANN
