"""The connector of `email`: one mail through a connection of kind `smtp`."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from looply.connectors.email.conversation import RefusedRecipient, Server, send
from looply.connectors.email.message import EmailInput, build_mail
from looply.connectors.outbound.targets import canonical_host
from looply.connectors.port import (
    Binding,
    CallContext,
    ConnectionKind,
    Connector,
    Operation,
    read_input,
)
from looply.definition.settings.mail import address_problem
from looply.errors import OperationError, Problem
from looply.jsontext import Json


class EmailOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Output of `email.send`: the server's reply for each recipient. Later bounces go to the sender's mailbox."""

    message_id: str
    """The `Message-ID`, the same for all attempts of a visit."""
    accepted: list[str]
    """Addresses for which the server accepted the mail."""
    refused: list[RefusedRecipient]
    """Addresses that the server refused."""


class SmtpConnectionSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}
):
    """Settings of a connection of kind `smtp`."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    """The mail server, as its certificate names it."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    """Its port: 587 for `starttls`, 465 for `tls`, 25 for most relays."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """Whether encryption begins with a command, with the connection, or never."""
    user: str = ""
    """The user; empty: no authentication."""
    sender: str
    """The sender of the mail: `orders@example.com` or `Orders <orders@example.com>`."""


class SmtpConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `smtp`."""

    password: str = ""
    """The password of the user."""


_QUOTED_BY_SERVERS: Final = ("to", "cc", "subject", "text", "html")


async def send_mail(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Sends one mail and returns the outcome in the shape of `EmailOutput`.

    A mail that the server accepts for some recipients only is sent, and the others are listed in `refused`.

    Raises: BadInput for a mail that cannot be sent, and as `conversation.send`.
    """
    given = read_input(EmailInput, input_, "email.send")
    values = await ctx.connection(given.connection)
    settings = values.read("smtp", SmtpConnectionSettings, "email.send")
    mail = build_mail(given, settings.sender, ctx.idempotency_key, ctx.clock.now(), ctx.limits)
    server = Server(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        user=settings.user,
        password=values.secrets.get("password", ""),
    )
    try:
        sent = await send(server, mail, ctx.dialer, ctx.timeout)
    except OperationError as error:
        error.input_fields = _QUOTED_BY_SERVERS  # servers quote what they refuse
        raise
    output = EmailOutput(message_id=mail.message_id, accepted=list(sent.accepted), refused=list(sent.refused))
    return msgspec.to_builtins(output)


def settings_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of the settings of a connection that a schema cannot express."""
    found = []
    if problem := address_problem(settings["from"]):
        hint = "write orders@example.com or Orders <orders@example.com>"
        found.append(Problem(path="/settings/from", message=problem, hint=hint))
    if settings.get("user") and settings.get("tls") == "none":
        message = "with `tls` none the password would be sent in plain text"
        found.append(Problem(path="/settings/tls", message=message, hint="use starttls or tls, or leave out the user"))
    return tuple(found)


def _binding(settings: Mapping[str, Json]) -> Binding:
    read = msgspec.convert(dict(settings), SmtpConnectionSettings)
    return Binding(frozenset({("smtp", read.host.lower(), read.port)}), {"tls": read.tls})


def _target(settings: Mapping[str, Json]) -> str:
    read = msgspec.convert(dict(settings), SmtpConnectionSettings)
    return f"smtp://{canonical_host(read.host)}:{read.port}"


CONNECTOR = Connector(
    name="email",
    title="Mail",
    operations=(
        Operation(
            name="email.send",
            title="Send a mail",
            input=EmailInput,
            output=EmailOutput,
            repeat="never",
            call=send_mail,
            connection_kind="smtp",
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="smtp",
            title="Mail server",
            settings=SmtpConnectionSettings,
            secrets=SmtpConnectionSecrets,
            check=settings_problems,
            binding=_binding,
            target=_target,
        ),
    ),
)
