"""The bots of Microsoft Teams of an organization: what an administrator uploads and opens, and whom they can reach."""

from collections.abc import Collection, Sequence
from typing import Final, cast, get_args

import msgspec

from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.app.messages.bots import AppDraft, BotSetup, Reach, ReachPage, ReachStatus
from looply.catalog.storage.pages import validate_limit
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, Refused

STATUSES: Final[Sequence[ReachStatus]] = get_args(ReachStatus)
FIRST_VERSION: Final = "1.0.0"
_MAX_PERSON_CHARACTERS: Final = 320


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator of Microsoft enters and opens. `messaging_endpoint` is empty without a public address."""

    bot: BotSetup
    messaging_endpoint: str


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """The app package, and the name of its file."""

    file_name: str
    content: bytes


async def get_setup(services: Services, principal: Principal, connection: str) -> Setup:
    """Returns what an administrator of Microsoft needs for a connection. Raises: NotFound."""
    bot = await services.bots.get_setup(principal.organization_id, connection)
    endpoint = services.links.receiver(bot.connection_id, "teams") if services.links.public_url else ""
    return Setup(bot=bot, messaging_endpoint=endpoint)


async def get_package(
    services: Services, principal: Principal, connection: str, *, version: str, public_url: str, has_tab: bool = False
) -> Package:
    """Returns the app package of a connection; without an address it is for that of this installation.

    Raises: NotFound; Refused with all that a catalog of Teams would refuse.
    """
    address = public_url or services.links.public_url
    if not address:
        message = "is missing, and the installation has no `public_url`; give the https address that people use"
        raise Refused.at("/public_url", message)
    draft = AppDraft(public_url=address, version=version or FIRST_VERSION, has_tab=has_tab)
    content = await services.bots.build_package(principal.organization_id, connection, draft)
    return Package(file_name=f"looply-teams-{draft.version}.zip", content=content)


async def list_people(
    services: Services, principal: Principal, connection: str, statuses: Collection[str], limit: int, after: str
) -> ReachPage:
    """Returns people whom a bot knows, in the order of their ids. Raises: NotFound; BadRequest."""
    unknown = [each for each in statuses if each not in STATUSES]
    if unknown:
        raise BadRequest.at("/status", f"is {unknown[0][:50]!r}, expected one of {', '.join(STATUSES)}")
    chosen = cast("Collection[ReachStatus]", statuses)
    size = validate_limit(limit)
    return await services.bots.list_people(principal.organization_id, connection, chosen, size, after)


async def check_person(services: Services, principal: Principal, connection: str, person: str) -> Reach:
    """Asks Microsoft about a person, by id or address, and returns what is known then; the audit says who asked.

    Raises: NotFound (codes `CONNECTION_NOT_FOUND`, `PERSON_NOT_FOUND`); BadRequest; Conflict (code `NOT_DISCOVERED`)
    when Microsoft does not say who has the address.
    """
    if not person.strip() or len(person) > _MAX_PERSON_CHARACTERS:
        raise BadRequest.at("/person", f"must be an id or an address of at most {_MAX_PERSON_CHARACTERS} characters")
    reach = await services.bots.check(services.engine, principal.organization_id, connection, person)
    await record(services, principal, "teams.check", reach.person_id, name=connection, status=reach.status)
    return reach
