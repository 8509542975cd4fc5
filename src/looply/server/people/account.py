"""Calls with one-time links, and calls on the person's own account: password, second factor, preferences."""

import base64
import binascii
from typing import Any, Final

import msgspec

from looply.app.people import signing_in
from looply.app.people.signing_in import Credentials, session_of
from looply.catalog.people.second_factor import SECRET_BYTES, secret_text, setup_uri
from looply.errors import Refused
from looply.instants import to_ms
from looply.jsontext import encode_json
from looply.permissions import Role
from looply.server.http.call import Call, Response, Route, manage_route, read_route
from looply.server.http.wire import SUCCESS, Message
from looply.server.people.session import TAG, EmptyBody, SessionAnswer, begin_session, browser_of

_ASK: Final = "an administrator of your organization sees the request and sends you a link"
MAX_PREFERENCES: Final = 16 * 1024
"""Bytes of a person's preferences as JSON text."""


class ReadLinkBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of a one-time link."""

    token: str


class InvitationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An open invitation. `email` is empty for one that is bound to no address.

    `has_account`: the address has an account, whose password accepts the invitation.
    """

    message: str
    organization_name: str
    email: str
    role: Role
    expires_on: int
    has_account: bool


class ResetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The person of a link with which to choose a new password."""

    message: str
    name: str
    email: str


class AcceptInvitationBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` and a new `password` for a person without an account; the own password for one with an account.

    `email` is for an invitation that is bound to no address, `code` for an account with a second factor.
    """

    token: str
    name: str = ""
    password: str = ""
    email: str = ""
    code: str = ""


class RequestResetBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The address of the person."""

    email: str


class RequestResetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The same for every address. `by_mail`: a person whose address is known gets the link by mail."""

    message: str
    by_mail: bool


class ResetPasswordBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of the link, and the new password."""

    token: str
    password: str


class ChangePasswordBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password of now, and the new one."""

    old: str
    new: str


class SecondFactorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret, which is not stored yet, as text and as the URI of a QR code."""

    message: str
    secret: str
    uri: str


class EnableSecondFactorBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret of `startSecondFactor`, and a code that the application shows for it."""

    secret: str
    code: str


class PreferencesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The preferences of the person: whatever pages have stored."""

    message: str
    preferences: dict[str, Any]


class PreferencesBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All preferences; they replace what was stored."""

    preferences: dict[str, Any]


async def read_invitation(call: Call) -> Response:
    """Returns the invitation of a link."""
    invitation, has_account = await signing_in.find_invitation(call.services, call.body.token)
    return Response(
        InvitationAnswer(
            message=SUCCESS,
            organization_name=invitation.organization_name,
            email=invitation.email,
            role=invitation.role,
            expires_on=to_ms(invitation.expires_on),
            has_account=has_account,
        )
    )


async def accept_invitation(call: Call) -> Response:
    """Accepts an invitation and begins a session."""
    body: AcceptInvitationBody = call.body
    credentials = Credentials(email=body.email, password=body.password, code=body.code)
    caller = browser_of(call).caller
    token = await signing_in.accept_invitation(call.services, body.token, body.name, credentials, caller)
    return await begin_session(call, token)


async def request_reset(call: Call) -> Response:
    """Notes that a person has forgotten the password."""
    await signing_in.request_reset(call.services, call.body.email, browser_of(call).caller)
    by_mail = call.services.mailer.has_server
    message = "a link is on its way by mail, if the address is known" if by_mail else _ASK
    return Response(RequestResetAnswer(message=message, by_mail=by_mail))


async def read_reset(call: Call) -> Response:
    """Returns the person of a link with which to choose a new password."""
    owner = await signing_in.find_reset(call.services, call.body.token)
    return Response(ResetAnswer(message=SUCCESS, name=owner.name, email=owner.email))


async def reset_password(call: Call) -> Response:
    """Changes a password by a link."""
    body: ResetPasswordBody = call.body
    await signing_in.reset_password(call.services, body.token, body.password)
    return Response(Message())


async def change_password(call: Call) -> Response:
    """Changes the password of the person."""
    body: ChangePasswordBody = call.body
    caller = browser_of(call).caller
    token = await signing_in.change_password(call.services, call.principal, body.old, body.new, caller)
    return await begin_session(call, token)


async def start_second_factor(call: Call) -> Response:
    """Returns a new secret."""
    person, _ = session_of(call.principal)
    secret = call.services.catalog.people.second_factors.new_secret()
    uri = setup_uri(secret, person.email)
    return Response(SecondFactorAnswer(message=SUCCESS, secret=secret_text(secret), uri=uri))


async def enable_second_factor(call: Call) -> Response:
    """Gives the account a second factor."""
    body: EnableSecondFactorBody = call.body
    await signing_in.enable_second_factor(call.services, call.principal, _secret(body.secret), body.code)
    return Response(Message())


async def disable_second_factor(call: Call) -> Response:
    """Removes the second factor of the account."""
    await signing_in.disable_second_factor(call.services, call.principal)
    return Response(Message())


async def get_preferences(call: Call) -> Response:
    """Returns the preferences of the person."""
    person, _ = session_of(call.principal)
    found = await call.services.catalog.people.users.preferences(person.user_id)
    return Response(PreferencesAnswer(message=SUCCESS, preferences=found if isinstance(found, dict) else {}))


async def put_preferences(call: Call) -> Response:
    """Replaces the preferences of the person."""
    body: PreferencesBody = call.body
    person, _ = session_of(call.principal)
    for name in ("locale", "time_zone"):
        if not isinstance(body.preferences.get(name), str | None):
            raise Refused.at(f"/preferences/{name}", "must be a text or null", code="BAD_PREFERENCES")
    if (size := len(encode_json(body.preferences))) > MAX_PREFERENCES:
        message = f"has {size} bytes; at most {MAX_PREFERENCES} are stored"
        raise Refused.at("/preferences", message, code="BAD_PREFERENCES")
    await call.services.catalog.people.users.put_preferences(person.user_id, body.preferences)
    return Response(Message())


def _secret(text: str) -> bytes:
    """Parses the secret of a second factor. Raises: Refused (code `WRONG_CODE`)."""
    try:
        secret = base64.b32decode(text.strip().upper().encode("ascii", "replace"))
    except binascii.Error:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise Refused.at("/secret", "is not a secret of startSecondFactor", code="WRONG_CODE")
    return secret


ROUTES: Final[tuple[Route, ...]] = (
    manage_route(
        path="/v2/session/readInvitation",
        access="public",
        changes_session=True,
        handle=read_invitation,
        summary="Read the invitation of a link",
        tag=TAG,
        body=ReadLinkBody,
        answer=InvitationAnswer,
        refusals=(403, 404),
    ),
    manage_route(
        path="/v2/session/acceptInvitation",
        access="public",
        changes_session=True,
        handle=accept_invitation,
        summary="Accept an invitation, and begin a session",
        description=(
            "A person without an account gets one with the address of the invitation. The link works once. "
            "The answer sets the cookie of the session."
        ),
        tag=TAG,
        body=AcceptInvitationBody,
        answer=SessionAnswer,
        refusals=(401, 403, 404, 422, 429),
    ),
    manage_route(
        path="/v2/session/requestReset",
        access="public",
        changes_session=True,
        handle=request_reset,
        summary="Ask for a link with which to choose a new password",
        description="An administrator sees the request among the members. Where the installation has a mail server, "
        "the person gets the link by mail. The answer is the same for every address.",
        tag=TAG,
        body=RequestResetBody,
        answer=RequestResetAnswer,
        refusals=(403, 429),
    ),
    manage_route(
        path="/v2/session/readReset",
        access="public",
        changes_session=True,
        handle=read_reset,
        summary="Read the person of a link with which to choose a new password",
        tag=TAG,
        body=ReadLinkBody,
        answer=ResetAnswer,
        refusals=(403, 404),
    ),
    manage_route(
        path="/v2/session/resetPassword",
        access="public",
        changes_session=True,
        handle=reset_password,
        summary="Choose a new password by a link",
        description="The link works once. All sessions of the person end.",
        tag=TAG,
        body=ResetPasswordBody,
        answer=Message,
        refusals=(403, 404, 422, 429),
    ),
    manage_route(
        path="/v2/session/changePassword",
        access="own",
        changes_session=True,
        handle=change_password,
        summary="Change the own password",
        description="The other sessions of the person end. The answer replaces the cookie of this one.",
        tag=TAG,
        body=ChangePasswordBody,
        answer=SessionAnswer,
        refusals=(404, 422),
    ),
    manage_route(
        path="/v2/session/startSecondFactor",
        access="own",
        needs_confirmation=True,
        handle=start_second_factor,
        summary="Get a secret for an authenticator application",
        tag=TAG,
        body=EmptyBody,
        answer=SecondFactorAnswer,
    ),
    manage_route(
        path="/v2/session/enableSecondFactor",
        access="own",
        needs_confirmation=True,
        handle=enable_second_factor,
        summary="Give the own account a second factor",
        tag=TAG,
        body=EnableSecondFactorBody,
        answer=Message,
        refusals=(409, 422),
    ),
    manage_route(
        path="/v2/session/disableSecondFactor",
        access="own",
        needs_confirmation=True,
        handle=disable_second_factor,
        summary="Remove the second factor of the own account",
        tag=TAG,
        body=EmptyBody,
        answer=Message,
    ),
    read_route(
        path="/v2/session/getPreferences",
        access="own",
        handle=get_preferences,
        summary="Read the own preferences",
        tag=TAG,
        answer=PreferencesAnswer,
    ),
    manage_route(
        path="/v2/session/putPreferences",
        access="own",
        handle=put_preferences,
        summary="Replace the own preferences",
        tag=TAG,
        body=PreferencesBody,
        answer=Message,
        refusals=(422,),
    ),
)
