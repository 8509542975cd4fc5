"""Presence: editors of the same workflow or card see each other."""

from collections.abc import Mapping

import msgspec

from looply.app.context.services import Services
from looply.catalog.authored.presence import EditedKind, Editor
from looply.catalog.tenants.names import validate_id
from looply.catalog.tenants.principal import Principal

OPERATOR = "operator"
"""The actor and the name of the owner of the data folder."""


class Others(msgspec.Struct, frozen=True, kw_only=True):
    """The other editors of an object, longest open first, and the names of their people and keys by id."""

    editors: tuple[Editor, ...]
    names: Mapping[str, str]
    own_actor: str


async def touch(
    services: Services,
    principal: Principal,
    which: tuple[EditedKind, str],
    editor: Editor,
    *,
    is_leaving: bool = False,
) -> Others:
    """Notes that the caller has an object open, or has closed it, and returns its other editors.

    Raises: BadRequest; NotFound when the object does not exist, or does not exist any more.
    """
    kind, object_id = which
    organization_id = principal.organization_id
    own_actor = principal.actor or OPERATOR
    key = (organization_id, kind, validate_id(object_id, kind))
    editor = msgspec.structs.replace(editor, actor=own_actor)
    presence = services.catalog.presence
    if is_leaving:
        editors = await presence.leave(key, editor)
    else:
        versions = services.catalog.workflows if kind == "workflow" else services.catalog.cards
        await versions.latest_version(organization_id, object_id)
        editors = await presence.touch(key, editor)
    ids = {each.actor for each in editors}
    names = await services.catalog.people.actors.names(organization_id, ids)
    return Others(editors=editors, names={OPERATOR: OPERATOR, **names}, own_actor=own_actor)
