"""Calls on the session of a person who has signed in."""

from typing import Final

import msgspec

from looply import __version__
from looply.app.context.sign_in import SignedOut
from looply.app.people import organizations, signing_in
from looply.app.people.signing_in import Credentials, session_of
from looply.catalog.people.sessions import OpenSession
from looply.catalog.tenants.principal import Principal
from looply.instants import ms_or_none, to_ms
from looply.permissions import PERMISSIONS, Permission, Role
from looply.server.callers.browser_calls import Browser
from looply.server.http.call import Call, Response, Route, manage_route, read_route
from looply.server.http.wire import SUCCESS, Message, SignInRecord, sign_in_record

TAG: Final = "Sessions"


class UserRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The person. `locale` and `time_zone` are preferences, null where the browser decides."""

    user_id: str
    name: str
    email: str
    locale: str | None
    time_zone: str | None
    has_password: bool
    has_second_factor: bool


class OrganizationName(msgspec.Struct, frozen=True, kw_only=True):
    """The organization in which the session works."""

    id: str
    name: str


class OrganizationChoice(OrganizationName, frozen=True, kw_only=True):
    """An organization that the person may choose, and the person's role in it."""

    role: Role


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that a page must know: `body_bytes` of one call, `streams` of one server."""

    body_bytes: int
    streams: int


class SessionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The session. A change by its cookie must send `csrf` in the header `x-looply-csrf`.

    `permissions` are those of the person in the organization. Until `confirmed_until` dangerous acts need no password
    again. `session_means` is `local` or the id of the provider by which the person has signed in.
    """

    message: str
    session_id: str
    user: UserRecord
    organization: OrganizationName
    organizations: list[OrganizationChoice]
    workspace_id: str
    role: Role
    permissions: list[Permission]
    csrf: str
    expires_on: int
    confirmed_until: int | None
    session_means: str
    sign_in: SignInRecord
    limits: SessionLimits
    version: str


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An open session of the person. `sign_in` is `local` or the id of a provider."""

    session_id: str
    organization: OrganizationName
    sign_in: str
    address: str
    user_agent: str
    created_on: int
    last_seen_on: int
    expires_on: int
    is_current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """The open sessions of the person, the one that was used last first."""

    message: str
    count: int
    items: list[SessionRecord]


class SignInBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`code` is that of the second factor, for an account that has one."""

    email: str
    password: str
    code: str = ""


class ChooseOrganizationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organization to work in; without `workspace_id` in its first workspace."""

    organization_id: str
    workspace_id: str | None = None


class ConfirmBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password of the person."""

    password: str


class EndSessionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The session to end."""

    session_id: str


class EmptyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


async def get_session(call: Call) -> Response:
    """Returns the session of the call."""
    return Response(await session_answer(call, call.principal))


async def sign_in(call: Call) -> Response:
    """Begins a session."""
    body: SignInBody = call.body
    browser = browser_of(call)
    credentials = Credentials(email=body.email, password=body.password, code=body.code)
    token = await signing_in.sign_in(call.services, credentials, browser.caller)
    return await begin_session(call, token)


async def sign_out(call: Call) -> Response:
    """Ends the session of the call."""
    person, session = session_of(call.principal)
    await call.services.catalog.people.sessions.end(person.user_id, session.session_id)
    return Response(Message(), headers=(browser_of(call).without_cookie(),))


async def choose_organization(call: Call) -> Response:
    """Moves the session to another organization."""
    body: ChooseOrganizationBody = call.body
    token = await organizations.choose(call.services, call.principal, body.organization_id, body.workspace_id)
    return await begin_session(call, token)


async def confirm(call: Call) -> Response:
    """Confirms the person of the session."""
    body: ConfirmBody = call.body
    token = await signing_in.confirm(call.services, call.principal, body.password, browser_of(call).caller)
    return await begin_session(call, token)


async def get_sessions(call: Call) -> Response:
    """Lists the sessions of the person."""
    person, session = session_of(call.principal)
    found = await call.services.catalog.people.sessions.list_open(person.user_id)
    items = [_session_row(each, session.session_id) for each in found]
    return Response(SessionList(message=SUCCESS, count=len(items), items=items))


async def end_session(call: Call) -> Response:
    """Ends a session of the person."""
    person, _ = session_of(call.principal)
    await call.services.catalog.people.sessions.end(person.user_id, call.body.session_id)
    return Response(Message())


async def begin_session(call: Call, token: str) -> Response:
    """Returns the session of a new token, with the cookie that carries it."""
    principal = await call.services.catalog.people.sessions.authenticate(token, call.services.clock.now())
    assert principal is not None
    return Response(await session_answer(call, principal), headers=(browser_of(call).cookie(token),))


def browser_of(call: Call) -> Browser:
    """Returns the browser of a call whose route changes a session."""
    assert call.browser is not None
    return call.browser


async def session_answer(call: Call, principal: Principal) -> SessionAnswer:
    """Returns a session on the wire. Raises: SignInRequired for a key."""
    person, session = session_of(principal)
    services = call.services
    user = await services.catalog.people.users.get(person.user_id)
    preferences = await services.catalog.people.users.preferences(person.user_id)
    known = preferences if isinstance(preferences, dict) else {}
    # What a tab of Teams proves counts in the organization of its connection, which learns of no other one.
    is_tab, here = not session.session_id, principal.organization_id
    own = [
        each for each in await organizations.list_own(services, principal) if each.organization_id == here or not is_tab
    ]
    choices = [OrganizationChoice(id=each.organization_id, name=each.organization_name, role=each.role) for each in own]
    chosen = next((each for each in choices if each.id == principal.organization_id), None)
    if chosen is None:
        raise SignedOut(services.sign_in)
    return SessionAnswer(
        message=SUCCESS,
        session_id=session.session_id,
        user=UserRecord(
            user_id=person.user_id,
            name=person.name,
            email=person.email,
            locale=known.get("locale"),
            time_zone=known.get("time_zone"),
            has_password=user.has_password,
            has_second_factor=user.has_second_factor,
        ),
        organization=OrganizationName(id=chosen.id, name=chosen.name),
        organizations=choices,
        workspace_id=principal.workspace_id,
        role=chosen.role,
        permissions=[permission for permission in PERMISSIONS if principal.may(permission)],
        csrf=session.csrf,
        expires_on=to_ms(session.expires_on),
        confirmed_until=ms_or_none(session.confirmed_until),
        session_means=session.sign_in,
        sign_in=sign_in_record(services.sign_in),
        limits=SessionLimits(body_bytes=services.limits.body_bytes, streams=services.limits.streams),
        version=__version__,
    )


def _session_row(session: OpenSession, current: str) -> SessionRecord:
    return SessionRecord(
        session_id=session.session_id,
        organization=OrganizationName(id=session.organization_id, name=session.organization_name),
        sign_in=session.sign_in,
        address=session.address,
        user_agent=session.user_agent,
        created_on=to_ms(session.created_on),
        last_seen_on=to_ms(session.last_seen_on),
        expires_on=to_ms(session.expires_on),
        is_current=session.session_id == current,
    )


ROUTES: Final[tuple[Route, ...]] = (
    read_route(
        path="/v2/session/get",
        operation="getSession",
        access="own",
        takes_tabs=True,
        handle=get_session,
        summary="Read the session: the person, the organization, the permissions",
        description="Without a session the answer is 401 with the means of sign-in.",
        tag=TAG,
        answer=SessionAnswer,
    ),
    manage_route(
        path="/v2/session/signIn",
        access="public",
        changes_session=True,
        handle=sign_in,
        summary="Sign in with a password",
        description=(
            "The answer sets the cookie of the session. A refusal is the same for every reason. After 5 failed "
            "attempts on an account, or 20 from an address, within 15 minutes further ones are answered 429."
        ),
        tag=TAG,
        body=SignInBody,
        answer=SessionAnswer,
        refusals=(401, 403, 429),
    ),
    manage_route(
        path="/v2/session/signOut",
        access="own",
        changes_session=True,
        handle=sign_out,
        summary="End the session",
        tag=TAG,
        body=EmptyBody,
        answer=Message,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/session/chooseOrganization",
        access="own",
        changes_session=True,
        handle=choose_organization,
        summary="Work in another organization or workspace",
        description="The answer replaces the cookie of the session.",
        tag=TAG,
        body=ChooseOrganizationBody,
        answer=SessionAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/session/confirm",
        operation="confirmSession",
        access="own",
        changes_session=True,
        handle=confirm,
        summary="Confirm the password, so that dangerous acts are allowed for 10 minutes",
        description="The answer replaces the cookie of the session. A sign-in counts as a confirmation, too.",
        tag=TAG,
        body=ConfirmBody,
        answer=SessionAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/session/list",
        operation="getSessions",
        access="own",
        handle=get_sessions,
        summary="List the open sessions of the person",
        tag=TAG,
        answer=SessionList,
    ),
    manage_route(
        path="/v2/session/end",
        operation="endSession",
        access="own",
        handle=end_session,
        summary="End a session of the person",
        tag=TAG,
        body=EndSessionBody,
        answer=Message,
        refusals=(404,),
    ),
)
