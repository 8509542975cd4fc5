"""Installations of the app of a bot for many people. They are chosen, shown, and then run by `installation_runner`.

An installation is a bulk on people: its row, its lease and its refusals are those of bulks.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from looply.app.context.services import Services
from looply.app.messages.bots import Chosen, Reach
from looply.catalog.authored.bulks import PEOPLE, Bulk
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.principal import Principal
from looply.errors import BadRequest, Refused

MAX_PEOPLE: Final = 500
"""The most people of one installation."""
DEFAULT_RATE: Final = 5
MAX_RATE: Final = 20
"""People in a second. Graph takes 150 installations of an application in ten seconds, in all of its tenants."""
CONNECTION: Final = "connection"
"""The field of the stored request with the name of the connection; `PEOPLE` has the people."""
_MAX_PERSON_CHARACTERS: Final = 320


class InstallationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """For whom the app of a connection is to be installed: the people who are named by ids or addresses, or, for None,
    all people whom the bot knows, with ids above `after`, and who lack it. `rate` is the number of people in a second.
    """

    connection: str
    people: Sequence[str] | None
    after: str = ""
    rate: int = DEFAULT_RATE


async def preview(services: Services, principal: Principal, request: InstallationRequest) -> Chosen:
    """Returns the people for whom the app would be installed; nothing is stored, and no other system is asked.

    Raises: BadRequest for no people or too many of them, and for a rate out of bounds; NotFound for the connection;
    Refused for one that cannot install.
    """
    people = _validate(request)
    return await services.bots.choose(principal.organization_id, request.connection, people, MAX_PEOPLE, request.after)


async def start(services: Services, principal: Principal, request: InstallationRequest) -> tuple[Bulk, str]:
    """Starts an installation of the app. Returns it, and the id after which more people may lack the app.

    Raises: as `preview`; Refused when there is no person to install it for; Conflict (code
    `TOO_MANY_APP_INSTALLATIONS`).
    """
    chosen = await preview(services, principal, request)
    people = [*(each.person_id for each in chosen.people), *chosen.unknown]
    if not people:
        raise Refused.at("/person", f"{_finding(request, chosen)}; nothing is to be installed")
    criteria: dict[str, Any] = {CONNECTION: request.connection, PEOPLE: people}
    bulk = await services.catalog.installations.start(
        (principal.organization_id, principal.workspace_id),
        "install",
        criteria,
        {"rate": request.rate},
        actor=principal.actor,
    )
    services.installation_signal.notify()
    return bulk, chosen.after


async def get(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Returns an installation of the app with its refusals. Raises: BadRequest, NotFound."""
    return await services.catalog.installations.get(principal.organization_id, bulk_id)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Bulk]:
    """Returns installations of the app, newest first, without their refusals. Raises: BadRequest."""
    return await services.catalog.installations.list_page(principal.organization_id, limit, before)


async def cancel(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Cancels an installation of the app, which stays where it was installed. Raises: BadRequest, NotFound."""
    return await services.catalog.installations.cancel(principal.organization_id, bulk_id, actor=principal.actor)


def name_of(person: Reach) -> str:
    """Returns the name by which a person is shown."""
    return person.name or person.mail or person.user_principal_name or person.person_id


def _finding(request: InstallationRequest, chosen: Chosen) -> str:
    if request.people is not None:
        return "names no person without the app"
    if chosen.is_complete:
        return "finds no person without the app"
    return f"finds no person without the app so far; continue with `after` {chosen.after!r}"


def _validate(request: InstallationRequest) -> Sequence[str] | None:
    """Returns the people as they are compared, each once."""
    if not 1 <= request.rate <= MAX_RATE:
        raise BadRequest.at("/rate_per_second", f"must be between 1 and {MAX_RATE}")
    if len(request.after) > _MAX_PERSON_CHARACTERS or (request.after and request.people is not None):
        raise BadRequest.at("/after", "must be that of an earlier answer, and is for `missing: true` alone")
    if request.people is None:
        return None
    people = tuple(dict.fromkeys(each.strip().casefold() for each in request.people))
    if not 1 <= len(people) <= MAX_PEOPLE:
        raise BadRequest.at("/person", f"must have between 1 and {MAX_PEOPLE} people")
    if any(not each or len(each) > _MAX_PERSON_CHARACTERS for each in people):
        raise BadRequest.at("/person", f"must have ids or addresses of at most {_MAX_PERSON_CHARACTERS} characters")
    return people
