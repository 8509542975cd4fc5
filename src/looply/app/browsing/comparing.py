"""Comparing two versions of a workflow or card, or two documents."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from looply.app.authoring import datastores, workflows
from looply.app.authoring.definitions import strip_identity
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition.diff import Change, diff_definitions, diff_documents
from looply.errors import BadRequest
from looply.jsontext import Json

ComparedKind: TypeAlias = Literal["workflow", "card", "datastore"]

MAX_CHANGES: Final = 2000
"""Changes of one answer."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side: a stored version (None: the newest ACTIVE one), or without `object_id` the document itself."""

    object_id: str = ""
    version: int | None = None
    document: Json = None


async def compare(
    services: Services, principal: Principal, kind: ComparedKind, before: Side, after: Side
) -> Sequence[Change]:
    """Returns all changes that lead from one side to the other. Documents with errors are compared, too.

    Raises: BadRequest for a definition or card that is no object; NotFound, Conflict (code `NO_ACTIVE_VERSION`);
    Forbidden for a stored datastore from a caller who may not read payloads; Overloaded.
    """
    old = await _document(services, principal, kind, before, "a")
    new = await _document(services, principal, kind, after, "b")
    return await services.background.run(lambda: _diff(kind, old, new))


def _diff(kind: ComparedKind, old: Json, new: Json) -> Sequence[Change]:
    if kind == "workflow":
        return diff_definitions(strip_identity(old), strip_identity(new))
    return diff_documents(old, new, kind)


async def _document(services: Services, principal: Principal, kind: ComparedKind, side: Side, name: str) -> Json:
    if not side.object_id:
        if kind != "datastore" and not isinstance(side.document, dict):
            raise BadRequest.at(f"/{name}/definition", "must be a JSON object")
        return side.document
    if kind == "workflow":
        return (await workflows.get(services, principal, side.object_id, side.version)).definition
    if kind == "datastore":
        principal.require("read.payloads")
        return (await datastores.get(services, principal, side.object_id)).value
    cards = services.catalog.cards
    if side.version is None:
        return (await cards.latest_active(principal.organization_id, side.object_id)).card_payload
    return (await cards.get(principal.organization_id, (side.object_id, side.version))).card_payload
