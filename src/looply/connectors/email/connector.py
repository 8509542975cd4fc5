"""The connector of `email`: one mail through a connection of kind `smtp`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec

from looply.connectors.checking import SMTP_CHECKS, STEP_SECONDS, Checks, check_connect
from looply.connectors.email.conversation import PORTS, RefusedRecipient, Server, log_on, send
from looply.connectors.email.message import EmailInput, build_mail, with_decimal_texts
from looply.connectors.outbound.targets import canonical_host
from looply.connectors.port import (
    Binding,
    CallContext,
    Check,
    ConnectionKind,
    ConnectionValues,
    Connector,
    Operation,
    read_input,
)
from looply.definition.settings.mail import address_problem
from looply.errors import AuthFailed, OperationError, Problem
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
    try:
        sent = await send(_server(settings, values), mail, ctx.dialer, ctx.timeout)
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


async def _check_connection(ctx: CallContext, values: ConnectionValues, _path: str) -> tuple[Check, ...]:
    """Tests a connection: its network, and a logon without a mail."""
    checks = Checks(ctx.clock, SMTP_CHECKS)
    begun = checks.begin()
    try:
        settings = values.read("smtp", SmtpConnectionSettings, "the test")
    except OperationError as error:
        checks.fail("dns", begun, error, "correct the settings of the connection")
        return checks.results()
    connection = await check_connect(ctx, checks, settings.host, settings.port, usual_ports=PORTS)
    if connection is None:
        return checks.results()
    connection.close()
    begun = checks.begin()
    try:
        await log_on(_server(settings, values), ctx.dialer, timedelta(seconds=STEP_SECONDS))
    except AuthFailed as error:
        _add_encryption(checks, settings, begun)
        checks.fail("logon", begun, error, "correct `user` and the secret `password`")
    except OperationError as error:
        is_certificate = error.code == "TLS_CERTIFICATE"
        checks.fail("tls" if is_certificate else "logon", begun, error)
    else:
        _add_encryption(checks, settings, begun)
        text = "the server accepts the user" if settings.user else "the server asks for no user"
        checks.add("logon", "ok", begun, text)
    return checks.results()


def _add_encryption(checks: Checks, settings: SmtpConnectionSettings, start: float) -> None:
    if settings.tls == "none":
        checks.skip("tls", "`tls` is none, so nothing is encrypted")
    else:
        checks.add("tls", "ok", start, f"the certificate is accepted ({settings.tls})")


def _server(settings: SmtpConnectionSettings, values: ConnectionValues) -> Server:
    return Server(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        user=settings.user,
        password=values.secrets.get("password", ""),
    )


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
            normalize=with_decimal_texts,
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
            test=_check_connection,
        ),
    ),
)
