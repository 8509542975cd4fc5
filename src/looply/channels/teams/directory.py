"""What is known of people in Teams, kept in the catalog for each organization and bot.

The ids by which a bot knows people are its own, so two bots of an organization know different people.
"""

from datetime import timedelta
from typing import Final

import msgspec

from looply.catalog.calls.directory import Directory, Entry
from looply.catalog.storage.pages import Page
from looply.connectors.teams.calls.people import Person, merge
from looply.connectors.teams.calls.settings import Account
from looply.errors import RecordDamaged
from looply.jsontext import Json

PAGE: Final = 200
MAX_READ: Final = 2000
"""People who are read, in pages, for one answer about those with certain statuses, which the store does not know."""
SEEN_AGAIN: Final = timedelta(hours=1)
"""That a person was seen once more is not stored before this time has passed: it is no news."""


class TeamsDirectory:
    """See `looply.connectors.teams.calls.delivery.Directory`. Methods raise as `looply.catalog.calls.directory`."""

    def __init__(self, rows: Directory, organization_id: str, account: Account) -> None:
        self._rows = rows
        self._organization_id = organization_id
        self._channel = f"teams/{account.tenant_id}/{account.app_id}"

    async def find(self, mail: str) -> Person | None:
        """Returns the person of an address (mail, user principal name or alias, in lower case), None without one."""
        return _person(await self._rows.find(self._organization_id, self._channel, mail))

    async def find_by_id(self, entra_id: str) -> Person | None:
        """Returns a person by the id of Entra."""
        return _person(await self._rows.find_person(self._organization_id, self._channel, entra_id))

    async def list_page(self, limit: int, after: str) -> Page[Person]:
        """Returns people in the order of their ids. Of a damaged row the id alone is known.

        Raises: BadRequest for a limit that is not positive.
        """
        page = await self._rows.list_page(self._organization_id, self._channel, limit, after)
        return Page(items=tuple(_listed(each) for each in page.items), has_more=page.has_more)

    async def addresses(self, entra_id: str) -> tuple[str, ...]:
        """Returns every address by which a person is found: mail, user principal name, aliases."""
        return await self._rows.addresses(self._organization_id, self._channel, entra_id)

    async def keep(self, person: Person, alias: str = "") -> Person:
        """Stores and returns what is known of a person, by `merge` with what was known of the same id."""

        def change(known: Json) -> Json:
            before = _readable(known)
            after = merge(before, person)
            return known if before is not None and _is_no_news(before, after) else msgspec.to_builtins(after)

        addresses = {each.casefold() for each in (person.mail, person.upn, alias) if each}
        kept = _person(await self._rows.keep(self._organization_id, self._channel, person.id, change, addresses))
        assert kept is not None
        return kept


def _person(known: Json) -> Person | None:
    """Returns the person of a row, None without one. Raises: RecordDamaged."""
    found = _readable(known)
    if known is not None and found is None:
        raise RecordDamaged(
            "what is stored of a person of Teams cannot be read; it is stored again when they write to the bot"
        )
    return found


def _readable(known: Json) -> Person | None:
    try:
        return None if known is None else msgspec.convert(known, Person)
    except msgspec.ValidationError:
        return None


def _listed(entry: Entry) -> Person:
    return _readable(entry.known) or Person(id=entry.person_id)


def _is_no_news(before: Person, after: Person) -> bool:
    if msgspec.structs.replace(after, seen_on=before.seen_on) != before:
        return False
    return after.seen_on == before.seen_on or (
        after.seen_on is not None and before.seen_on is not None and after.seen_on - before.seen_on < SEEN_AGAIN
    )
