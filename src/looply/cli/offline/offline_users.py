"""`looply user` on the store itself."""

from typing import Any

from msgspec import to_builtins

from looply.app.messages.mailing import Mailed
from looply.app.people import members
from looply.catalog.people.invitations import InvitationDraft
from looply.catalog.people.members import Member, validate_role
from looply.catalog.storage.pages import MAX_READ_ITEMS
from looply.cli.offline.store import OpenStore, open_store
from looply.cli.terminal.options import Target
from looply.cli.terminal.terminal import Terminal
from looply.definition.settings.mail import person_of
from looply.errors import NotFound
from looply.instants import to_ms
from looply.server.people.members import invitation_row, member_row


async def invite(terminal: Terminal, target: Target, email: str, role: str) -> dict[str, Any]:
    """Returns a new invitation with its link. Raises: Refused."""
    async with open_store(terminal, target) as store:
        (made,) = await members.invite(store.services, store.principal, [InvitationDraft(email, role)])
        shown: dict[str, Any] = to_builtins(invitation_row(store.services, made, Mailed(state="OFF")))
    return shown


async def list_members(terminal: Terminal, target: Target) -> list[dict[str, Any]]:
    """Returns all members and open invitations, newest first."""
    async with open_store(terminal, target) as store:
        return [to_builtins(member_row(each)) for each in await _all(store)]


async def change(
    terminal: Terminal, target: Target, person: str, *, role: str | None = None, is_active: bool | None = None
) -> dict[str, Any]:
    """Returns a member, by id or address, after a change. Raises: Refused, NotFound, Conflict."""
    checked = None if role is None else validate_role(role)
    async with open_store(terminal, target) as store:
        user_id = await _user_id(store, person)
        changed = await members.change(store.services, store.principal, user_id, role=checked, is_active=is_active)
    shown: dict[str, Any] = to_builtins(member_row(changed))
    return shown


async def create_reset(
    terminal: Terminal, target: Target, person: str, *, removes_second_factor: bool
) -> dict[str, Any]:
    """Returns a link with which a member, by id or address, chooses a new password. Raises: NotFound."""
    async with open_store(terminal, target) as store:
        user_id = await _user_id(store, person)
        made = await members.create_reset(
            store.services, store.principal, user_id, removes_second_factor=removes_second_factor
        )
        return {"link": store.services.links.reset(made.token), "expires_on": to_ms(made.expires_on)}


async def _all(store: OpenStore) -> list[Member]:
    found: list[Member] = []
    before, has_more = None, True
    while has_more:
        page = await members.list_page(store.services, store.principal, MAX_READ_ITEMS, before)
        found.extend(page.items)
        before, has_more = (found[-1].member_id if found else None), page.has_more
    return found


async def _user_id(store: OpenStore, person: str) -> str:
    """Returns the id of the member with an address; an id is returned as it is. Raises: NotFound."""
    if "@" not in person:
        return person
    found = (each.user_id for each in await _all(store) if person_of(each.email) == person_of(person))
    user_id = next((each for each in found if each is not None), None)
    if user_id is None:
        raise NotFound(f"no member has the address {person}", code="MEMBER_NOT_FOUND")
    return user_id
