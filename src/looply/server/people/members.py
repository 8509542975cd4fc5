"""Calls on the members of an organization."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context.services import Services
from looply.app.messages.mailing import Mailed, MailState
from looply.app.people import members
from looply.app.people.mails import mail_invitations, mail_reset
from looply.catalog.people.invitations import InvitationDraft, NewInvitation
from looply.catalog.people.members import Member, Status, validate_role
from looply.instants import ms_or_none, to_ms
from looply.permissions import Role
from looply.server.http.call import Call, Parameter, Response, Route, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, Message, extend_record, limit_of

_TAG: Final = "Members"


class MemberRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A member, or a person who is invited: with the status `INVITED` there is an `invitation_id` and no `user_id`.

    `member_id` is one of them. `expires_on` is that of the invitation. `sign_in` is how the person signs in, null for
    an invitation. `reset_requested_on`: the person has asked for a link with which to choose a new password.
    """

    member_id: str
    user_id: str | None
    invitation_id: str | None
    name: str
    email: str
    role: Role
    status: Status
    sign_in: Literal["local", "oidc"] | None
    groups: list[str]
    created_on: int
    last_seen_on: int | None
    reset_requested_on: int | None
    expires_on: int | None


class MemberCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    member_id: str


class MemberPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[MemberRecord]
    last_key: MemberCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class MemberAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The member as it is now."""

    message: str
    item: MemberRecord


class InvitationRecord(MemberRecord, frozen=True, kw_only=True):
    """An invitation. `link` is for the invited person; no later call returns it.

    `mail` says what became of the mail with it: `OFF` where none is sent, `UNKNOWN` where it may have left.
    """

    link: str
    mail: MailState
    mail_reason: str | None


class InvitationsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The invitations that were made, in the order of the body."""

    message: str
    count: int
    items: list[InvitationRecord]


class ResetLinkAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A link with which the person chooses a new password; no later call returns it. `mail` as in an invitation."""

    message: str
    link: str
    expires_on: int
    mail: MailState
    mail_reason: str | None


class PersonRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A person who can be a recipient."""

    name: str
    email: str


class PeopleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The people that were found, in the order of their names, 20 at most."""

    message: str
    count: int
    items: list[PersonRecord]


class InviteeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to invite, and the role."""

    email: str
    role: str


class InviteMembersBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """1 to 50 people. When one is refused, none is invited."""

    invitations: list[InviteeBody]


class InvitationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The invitation."""

    invitation_id: str


class ChangeMemberBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out does not change."""

    user_id: str
    role: str | None = None
    status: Literal["ACTIVE", "DEACTIVATED"] | None = None


class ResetLinkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The member. With `removes_second_factor` the use of the link also removes the second factor of the account."""

    user_id: str
    removes_second_factor: bool = False


async def get_members(call: Call) -> Response:
    """Lists the members."""
    page = await members.list_page(call.services, call.principal, limit_of(call), call.query.get("member_id") or None)
    items = [member_row(each) for each in page.items]
    last_key = MemberCursor(member_id=items[-1].member_id) if page.has_more else UNSET
    return Response(MemberPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def find_people(call: Call) -> Response:
    """Finds members by name or address."""
    found = await members.find_people(call.services, call.principal, call.query.get("term"))
    items = [PersonRecord(name=each.name, email=each.email) for each in found]
    return Response(PeopleAnswer(message=SUCCESS, count=len(items), items=items))


async def get_administrators(call: Call) -> Response:
    """Returns people who administer the organization."""
    found = await members.list_administrators(call.services, call.principal)
    items = [PersonRecord(name=each.name, email=each.email) for each in found]
    return Response(PeopleAnswer(message=SUCCESS, count=len(items), items=items))


async def invite_members(call: Call) -> Response:
    """Invites people."""
    body: InviteMembersBody = call.body
    drafts = [InvitationDraft(each.email.strip(), each.role) for each in body.invitations]
    made = await members.invite(call.services, call.principal, drafts)
    return Response(await _invitations_answer(call.services, made))


async def resend_invitation(call: Call) -> Response:
    """Makes a new link for an invitation."""
    made = await members.renew_invitation(call.services, call.principal, call.body.invitation_id)
    return Response(await _invitations_answer(call.services, [made]))


async def revoke_invitation(call: Call) -> Response:
    """Revokes an invitation."""
    await members.revoke_invitation(call.services, call.principal, call.body.invitation_id)
    return Response(Message())


async def change_member(call: Call) -> Response:
    """Changes a member."""
    body: ChangeMemberBody = call.body
    member = await members.change(
        call.services,
        call.principal,
        body.user_id,
        role=None if body.role is None else validate_role(body.role),
        is_active=None if body.status is None else body.status == "ACTIVE",
    )
    return Response(MemberAnswer(message=SUCCESS, item=member_row(member)))


async def create_reset_link(call: Call) -> Response:
    """Makes a link with which a member chooses a new password."""
    body: ResetLinkBody = call.body
    made = await members.create_reset(
        call.services, call.principal, body.user_id, removes_second_factor=body.removes_second_factor
    )
    mailed = await mail_reset(call.services, body.user_id, made)
    shown = ResetLinkAnswer(
        message=SUCCESS,
        link=call.services.links.reset(made.token),
        expires_on=to_ms(made.expires_on),
        mail=mailed.state,
        mail_reason=mailed.reason or None,
    )
    return Response(shown)


def member_row(member: Member) -> MemberRecord:
    """Returns a member on the wire."""
    means: Literal["local", "oidc"] = "local" if member.has_password else "oidc"
    return MemberRecord(
        member_id=member.member_id,
        user_id=member.user_id,
        invitation_id=member.invitation_id,
        name=member.name,
        email=member.email,
        role=member.role,
        status=member.status,
        sign_in=None if member.user_id is None else means,
        groups=list(member.groups),
        created_on=to_ms(member.created_on),
        last_seen_on=ms_or_none(member.last_seen_on),
        reset_requested_on=ms_or_none(member.reset_requested_on),
        expires_on=ms_or_none(member.expires_on),
    )


def invitation_row(services: Services, new_invitation: NewInvitation, mailed: Mailed) -> InvitationRecord:
    """Returns a new invitation on the wire, with its link, and what became of its mail."""
    invitation = new_invitation.invitation
    row = MemberRecord(
        member_id=invitation.invitation_id,
        user_id=None,
        invitation_id=invitation.invitation_id,
        name="",
        email=invitation.email,
        role=invitation.role,
        status="INVITED",
        sign_in=None,
        groups=[],
        created_on=to_ms(invitation.created_on),
        last_seen_on=None,
        reset_requested_on=None,
        expires_on=to_ms(invitation.expires_on),
    )
    return extend_record(
        InvitationRecord,
        row,
        link=services.links.invitation(new_invitation.token),
        mail=mailed.state,
        mail_reason=mailed.reason or None,
    )


async def _invitations_answer(services: Services, invitations: list[NewInvitation]) -> InvitationsAnswer:
    mails = await mail_invitations(services, invitations)
    items = [invitation_row(services, each, mailed) for each, mailed in zip(invitations, mails, strict=True)]
    return InvitationsAnswer(message=SUCCESS, count=len(items), items=items)


ROUTES: Final[tuple[Route, ...]] = (
    read_route(
        path="/v2/workflows/getMembers",
        access="members",
        handle=get_members,
        summary="List the members and open invitations, newest first",
        tag=_TAG,
        parameters=(LIMIT, Parameter("member_id", "Pagination key from `lastKey`.")),
        answer=MemberPage,
    ),
    read_route(
        path="/v2/workflows/findPeople",
        access="own",
        takes_tabs=True,
        handle=find_people,
        summary="Find members by a part of their name or address",
        tag=_TAG,
        parameters=(Parameter("term", "A part of the name or the address.", is_required=True),),
        answer=PeopleAnswer,
    ),
    read_route(
        path="/v2/workflows/getAdministrators",
        access="own",
        handle=get_administrators,
        summary="Name two people who administer the organization and can give a permission",
        tag=_TAG,
        answer=PeopleAnswer,
    ),
    manage_route(
        path="/v2/workflows/inviteMembers",
        access="members",
        needs_confirmation=True,
        handle=invite_members,
        summary="Invite people to the organization",
        description="Only this answer holds the links. A link is for one address, works once and expires after 7 days.",
        tag=_TAG,
        body=InviteMembersBody,
        answer=InvitationsAnswer,
        refusals=(422,),
    ),
    manage_route(
        path="/v2/workflows/resendInvitation",
        access="members",
        needs_confirmation=True,
        handle=resend_invitation,
        summary="Make a new link for an open invitation; the former link has no effect any more",
        tag=_TAG,
        body=InvitationBody,
        answer=InvitationsAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/revokeInvitation",
        access="members",
        handle=revoke_invitation,
        summary="Revoke an open invitation",
        tag=_TAG,
        body=InvitationBody,
        answer=Message,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/changeMember",
        access="members",
        needs_confirmation=True,
        handle=change_member,
        summary="Change the role of a member, or deactivate or activate the member",
        description=(
            "It ends the sessions and streams of the member in the organization. Only owners make owners and change "
            "them, and the last active owner remains one."
        ),
        tag=_TAG,
        body=ChangeMemberBody,
        answer=MemberAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/createResetLink",
        access="members",
        needs_confirmation=True,
        handle=create_reset_link,
        summary="Make a link with which a member chooses a new password",
        description="Only this answer holds the link. It works once and expires after 24 hours.",
        tag=_TAG,
        body=ResetLinkBody,
        answer=ResetLinkAnswer,
        refusals=(404, 409),
    ),
)
