"""The installation of the app for many people: who lacks it, and what Graph answers for each of them."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from looply.app.messages.bots import Chosen, Installed, Installing, Reach, ReachStatus
from looply.channels.teams.bots import Bot, Resources, open_delivery
from looply.channels.teams.directory import MAX_READ, PAGE
from looply.channels.teams.health import reach_of
from looply.channels.teams.retrying import retry_cards
from looply.connectors.teams.calls.answers import Failure, Undelivered
from looply.connectors.teams.calls.delivery import NOT_FOUND, NOT_IN_CATALOG, Delivery
from looply.connectors.teams.calls.installation import find_by_id, install_for
from looply.connectors.teams.calls.people import Person
from looply.engine.ports.port import Engine
from looply.engine.records.copies import Copies
from looply.errors import RecordDamaged

HAVE_APP: Final[frozenset[ReachStatus]] = frozenset({"HEALTHY", "RECOVERED", "PROVISIONING"})
"""People who have the app, as far as is known."""
LACK_APP: Final[frozenset[ReachStatus]] = frozenset({"NO_CONTEXT", "NOT_INSTALLED", "NOT_CHECKED"})
"""People who lack the app, or of whom it is not known. Others are not proposed: the app does not help those who have
blocked the bot, or whom Microsoft does not have. Where they are named it is installed for them, and they count as
installed, whether the bot can write to them or not."""
_LANE: Final = "installations "
"""Graph limits installations by itself: a pause that it asks for is none of the Bot Connector."""
_NO_RIGHT: Final = "Authorization_RequestDenied"
_HINTS: Final = {
    NOT_IN_CATALOG: "upload the app package to the catalog of the organization, then start again",
    NOT_FOUND: "neither the directory nor Graph has this person; check the address",
    _NO_RIGHT: "consent to the rights of the application, then start again",
}


async def choose(bot: Bot, resources: Resources, people: Sequence[str] | None, limit: int, after: str) -> Chosen:
    """See `looply.app.messages.bots.Bots.choose`."""
    if people is None:
        return await _all_without(bot, resources, limit, after)
    return await _named(bot, resources, people, limit)


async def install(
    bot: Bot, resources: Resources, engine: Engine, copies: Copies, people: Sequence[str]
) -> Sequence[Installed]:
    """See `looply.app.messages.bots.Bots.install`."""
    delivery = open_delivery(resources, bot, _LANE)
    try:
        app = await delivery.find_catalog_app()
    except Undelivered as error:
        return (_failed(error.failure, Person(id=""), is_for_all=True),)
    found: list[Installed] = []
    for each in people:
        one = await _install_for(delivery, bot, engine, copies, each, app)
        found.append(replace(one, is_for_all=one.outcome == "again" and await _is_down(delivery, bot)))
        if found[-1].outcome not in ("installed", "refused"):
            break
    return tuple(found)


async def _is_down(delivery: Delivery, bot: Bot) -> bool:
    """Returns whether Graph does not answer, after a call for one person has failed; any other answer says it does.

    Without the catalog's id of the app the next look-up shows that, before any person.
    """
    if not bot.account.catalog_app_id:
        return False
    try:
        await delivery.within_pace("", lambda: delivery.graph.find_catalog_app(bot.account.app_id))
    except Undelivered as error:
        return error.failure.meaning in ("again", "unknown", "throttled")
    return False


async def _install_for(delivery: Delivery, bot: Bot, engine: Engine, copies: Copies, name: str, app: str) -> Installed:
    person: Person | None = None
    try:
        person = await _person(delivery, bot, name)
        if person is None:
            return _failed(Failure(meaning="broken", code=NOT_FOUND), Person(id=""))
        after = await install_for(delivery, person, app)
    except Undelivered as error:
        return _failed(error.failure, person or Person(id=""))
    except RecordDamaged as error:
        return Installed(outcome="refused", code=error.code, message=error.message)
    if person.state == "blocked" and after.state == "reachable":
        await retry_cards(engine, copies, bot, (after.id,), delivery.clock.now())
    return Installed(outcome="installed", name=_name_of(after))


async def _person(delivery: Delivery, bot: Bot, name: str) -> Person | None:
    """Returns a person by id or address, as the directory or Graph has them. Raises: Undelivered."""
    if "@" in name:
        return await delivery.find_person(name)
    return await bot.directory.find_by_id(name) or await find_by_id(delivery, name)


def _failed(failure: Failure, person: Person, *, is_for_all: bool = False) -> Installed:
    status = f" (status {failure.status})" if failure.status else ""
    hint = f"; {_HINTS[failure.code]}" if failure.code in _HINTS else ""
    return Installed(
        outcome=_outcome(failure, is_for_all=is_for_all),
        is_for_all=is_for_all,
        name=_name_of(person),
        code=failure.code,
        message=f"the app was not installed: {failure.code}{status}{hint}",
        after=failure.after,
    )


def _outcome(failure: Failure, *, is_for_all: bool) -> Installing:
    match failure.meaning:
        case "throttled":
            return "later"
        case "again" | "unknown":
            return "again"
        case "unusable":
            return "unusable"
        case _:
            return "unusable" if is_for_all or failure.code == _NO_RIGHT else "refused"


async def _all_without(bot: Bot, resources: Resources, limit: int, after: str) -> Chosen:
    now, found, read = resources.clock.now(), list[Reach](), 0
    while read < MAX_READ and len(found) < limit:
        page = await bot.directory.list_page(PAGE, after)
        for place, person in enumerate(page.items, start=1):
            read, after, reach = read + 1, person.id, reach_of(person, now)
            if reach.status in LACK_APP:
                found.append(reach)
            if len(found) == limit and (place < len(page.items) or page.has_more):
                return Chosen(people=tuple(found), is_complete=False, after=after)
        if not page.has_more:
            return Chosen(people=tuple(found))
    return Chosen(people=tuple(found), is_complete=False, after=after)


async def _named(bot: Bot, resources: Resources, people: Sequence[str], limit: int) -> Chosen:
    now, found, unknown, skipped = resources.clock.now(), dict[str, Reach](), list[str](), 0
    for name in people:
        person = await (bot.directory.find(name) if "@" in name else bot.directory.find_by_id(name))
        if person is None:
            unknown.append(name)
        elif (reach := reach_of(person, now)).status in HAVE_APP:
            skipped += 1
        else:
            found[person.id] = reach
    room = max(limit - len(found), 0)
    return Chosen(
        people=tuple(found.values())[:limit],
        unknown=tuple(unknown[:room]),
        skipped=skipped,
        is_complete=len(found) + len(unknown) <= limit,
    )


def _name_of(person: Person) -> str:
    return person.name or person.mail or person.upn or person.id
