"""Systems that are not called as usual: after an outage, and for maintenance."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from looply.app.context.audit import record
from looply.app.context.reasons import validate_reason
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.connectors.outbound.targets import canonical_origin_of
from looply.engine.records.targets import WAY, Maintenance, TargetReport, TargetRow, way_name
from looply.errors import BadRequest, NotFound, Problem, Refused
from looply.instants import to_ms

_LONGEST: Final = timedelta(days=366)
_NAME_CHARACTERS: Final = 600
MAX_RATE: Final = 1000.0


async def list_all(services: Services, principal: Principal) -> Sequence[TargetReport]:
    """Returns the systems of the organization that are not called as usual, by name."""
    return await services.engine.targets.list(principal.organization_id)


async def pause(
    services: Services, principal: Principal, name: str, begins_on: datetime | None, until: datetime, reason: str
) -> TargetRow:
    """Stops the calls of a system for a time, in place of a former such time; they wait, and go afterwards.

    Raises: BadRequest, NotFound and Refused as `find_target`; Refused (code `TARGET_REFUSED`) for a time that is over,
    or longer than a year.
    """
    target = await find_target(services, principal, name)
    now = services.clock.now()
    begins = begins_on if begins_on is not None else now
    if until <= max(begins, now):
        raise _refused("/until", "must be later than `from` and than now")
    if until - begins > _LONGEST:
        raise _refused("/until", f"is more than {_LONGEST.days} days after `from`")
    window = Maintenance(begins_on=begins, until=until, reason=validate_reason(reason), by=principal.by)
    row = await services.engine.targets.pause(principal.organization_id, target, window)
    times = {"begins_on": to_ms(begins), "until": to_ms(until)}
    await record(services, principal, "target.pause", target, **times)
    return row


async def release(services: Services, principal: Principal, name: str) -> tuple[str, bool]:
    """Calls a system as usual again, at once: outage and maintenance are over. The name of a connection means its own
    way to the system, too.

    Returns the system's name, and whether any of it was stopped. Raises: as `find_target`.
    """
    target = await find_target(services, principal, name)
    was_stopped = False
    for each in [target] if "://" in name else [target, way_name(target, name)]:
        if await services.engine.targets.release(principal.organization_id, each):
            was_stopped = True
            await record(services, principal, "target.release", each)
    return target, was_stopped


async def drain(services: Services, principal: Principal, name: str, rate: float) -> TargetRow:
    """Lets what waits for a system go at a fixed rate, until nothing waits; outage and maintenance are over.

    Raises: as `find_target`; Refused (code `TARGET_REFUSED`) for a rate out of bounds; NotFound (code
    `TARGET_NOT_FOUND`) when the system is called as usual.
    """
    if not 0.01 <= rate <= MAX_RATE:
        raise _refused("/rate", f"is a number of calls a second from 0.01 to {MAX_RATE:g}")
    target = await find_target(services, principal, name)
    row = await services.engine.targets.drain(principal.organization_id, target, rate)
    if row is None:
        raise NotFound(f"{target} is called as usual, so nothing waits for it", code="TARGET_NOT_FOUND")
    await record(services, principal, "target.drain", target, rate=rate)
    return row


async def find_target(services: Services, principal: Principal, name: str) -> str:
    """Returns the canonical name of the system that `name` means: an origin, or the name of a connection.

    An origin with ` by connection ` and a name means the connection's own way to the system.

    Raises: BadRequest for a text that is neither; NotFound for an unknown connection; Refused (code `TARGET_REFUSED`)
    for a connection whose kind names no system.
    """
    if not name or len(name) > _NAME_CHARACTERS or "\0" in name:
        raise BadRequest.at("/target", f"must be a text of 1 to {_NAME_CHARACTERS} characters")
    if "://" not in name:
        connection = await services.catalog.connections.get(principal.organization_id, name)
        if target := services.registry.target(connection.kind, connection.settings):
            return target
        raise _refused("/target", f"a connection of kind {connection.kind} names no system that could be stopped")
    if name.startswith("smtp://"):
        return name
    system, way, named = name.partition(WAY)
    origin, separator, client = system.partition("#")
    if canonical := canonical_origin_of(origin):
        return f"{canonical}{separator}{client}{way}{named}"
    raise BadRequest.at("/target", "must be an origin such as https://s4.example.com:44300, or a connection's name")


def _refused(path: str, message: str) -> Refused:
    return Refused(f"{path[1:]} {message}", code="TARGET_REFUSED", problems=(Problem(path=path, message=message),))
