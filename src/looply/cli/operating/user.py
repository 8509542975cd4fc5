"""`looply user`: the people of an organization."""

from typing import Annotated, Any, Final, TypeAlias

from cyclopts import App, Parameter

from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.options import THE_TARGET, Target
from looply.cli.terminal.tables import instant, record, show_items
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import NotFound
from looply.permissions import Role

APP: Final = App(
    name="user",
    help="People: invite, list, role, deactivate, activate, reset-link.",
)

User: TypeAlias = Annotated[str, Parameter(help="Address of the member, or user id.")]

_COLUMNS: Final = {
    "id": "member_id",
    "name": "name",
    "email": "email",
    "role": "role",
    "status": "status",
    "last seen": "last_seen_on",
    "expires": "expires_on",
}


@APP.command
async def invite(
    email: Annotated[str, Parameter(help="Mail address of the person.")],
    /,
    *,
    role: Annotated[Role, Parameter(help="Role of the person in the organization.")],
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Invite a person; the link for the person is shown only now."""
    if target.is_offline():
        from looply.cli.offline import offline_users  # noqa: PLC0415 - slow import: only work on the store needs it

        item = await offline_users.invite(terminal, target, email, role)
    else:
        async with target.client(terminal) as client:
            answer = await client.post("inviteMembers", {"invitations": [{"email": email, "role": role}]})
            (item,) = answer["items"]
    shown = {
        "invitation": item["invitation_id"],
        "email": item["email"],
        "role": item["role"],
        "link": item["link"],
        "expires": instant(item["expires_on"]),
        "mail": _mail(item),
    }
    terminal.show(item, lambda: record(shown))
    terminal.note("Send the link to the person: it works once, and it is shown only now.")


@APP.command(name="list")
async def list_users(*, target: Target = THE_TARGET, terminal: Here) -> None:
    """List members and open invitations, newest first."""
    if target.is_offline():
        from looply.cli.offline import offline_users  # noqa: PLC0415 - slow import: only work on the store needs it

        items = await offline_users.list_members(terminal, target)
    else:
        async with target.client(terminal) as client:
            items = await client.items("getMembers")
    show_items(terminal, items, _COLUMNS)


@APP.command
async def role(
    user: User,
    role: Annotated[Role, Parameter(help="The new role.")],
    /,
    *,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Change the role of a member; it ends the member's sessions."""
    await _change(terminal, target, user, role=role)


@APP.command
async def deactivate(user: User, /, *, target: Target = THE_TARGET, terminal: Here) -> None:
    """Deactivate a member: the person cannot sign in any more; what the person did keeps the name."""
    await _change(terminal, target, user, is_active=False)


@APP.command
async def activate(user: User, /, *, target: Target = THE_TARGET, terminal: Here) -> None:
    """Activate a member who was deactivated."""
    await _change(terminal, target, user, is_active=True)


@APP.command
async def reset_link(
    user: User,
    /,
    *,
    removes_second_factor: Annotated[
        bool, Parameter(help="The use of the link also removes the second factor of the account.", negative="")
    ] = False,
    target: Target = THE_TARGET,
    terminal: Here,
) -> None:
    """Make a link with which a member chooses a new password; it is shown only now."""
    if target.is_offline():
        from looply.cli.offline import offline_users  # noqa: PLC0415 - slow import: only work on the store needs it

        made = await offline_users.create_reset(terminal, target, user, removes_second_factor=removes_second_factor)
    else:
        async with target.client(terminal) as client:
            body = {"user_id": await _user_id(client, user), "removes_second_factor": removes_second_factor}
            made = await client.post("createResetLink", body)
    document = {"link": made["link"], "expires_on": made["expires_on"]}
    terminal.show(document, lambda: record({"link": made["link"], "expires": instant(made["expires_on"])}))
    terminal.note("Send the link to the person: it works once, and it is shown only now.")


async def _change(
    terminal: Terminal, target: Target, user: str, *, role: Role | None = None, is_active: bool | None = None
) -> None:
    if target.is_offline():
        from looply.cli.offline import offline_users  # noqa: PLC0415 - slow import: only work on the store needs it

        item = await offline_users.change(terminal, target, user, role=role, is_active=is_active)
    else:
        body: dict[str, Any] = {} if role is None else {"role": role}
        if is_active is not None:
            body["status"] = "ACTIVE" if is_active else "DEACTIVATED"
        async with target.client(terminal) as client:
            item = (await client.post("changeMember", {"user_id": await _user_id(client, user), **body}))["item"]
    shown = {name: item[field] for name, field in _COLUMNS.items() if field in ("email", "role", "status")}
    terminal.show(item, lambda: record({"user": item["user_id"], **shown}))


async def _user_id(client: ApiClient, user: str) -> str:
    """Returns the id of the member with an address; an id is returned as it is. Raises: NotFound."""
    if "@" not in user:
        return user
    from looply.definition.settings.mail import person_of  # noqa: PLC0415 - slow import: only reading an address needs the language

    for item in await client.items("getMembers"):
        if item["user_id"] is not None and person_of(item["email"]) == person_of(user):
            found: str = item["user_id"]
            return found
    raise NotFound(f"no member has the address {user}", code="MEMBER_NOT_FOUND")


def _mail(item: dict[str, Any]) -> str:
    """Returns what became of the mail with a link."""
    said = {"SENT": "sent", "OFF": "none is sent", "FAILED": "not sent", "UNKNOWN": "not known"}[item["mail"]]
    return f"{said}: {item['mail_reason']}" if item["mail_reason"] else said
