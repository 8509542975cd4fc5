"""The connector of `email`: one mail through a connection of kind `smtp` or `graph_mail`."""

from typing import Final

import msgspec

from looply.connectors.email.accounts import account_of
from looply.connectors.email.attachments import open_attachments
from looply.connectors.email.checks import check_graph_mail, check_smtp
from looply.connectors.email.conversation import RefusedRecipient
from looply.connectors.email.message import EmailInput, build_letter, build_mail, with_decimal_texts
from looply.connectors.email.settings import (
    GraphMailConnectionSecrets,
    GraphMailConnectionSettings,
    SmtpConnectionSecrets,
    SmtpConnectionSettings,
    graph_binding,
    graph_problems,
    graph_secret_names,
    graph_target,
    smtp_binding,
    smtp_problems,
    smtp_secret_names,
    smtp_target,
)
from looply.connectors.email.submitting import submit
from looply.connectors.port import CallContext, ConnectionKind, Connector, Operation, read_input
from looply.errors import OperationError
from looply.jsontext import Json
from looply.rates import offload_if_large


class EmailOutput(msgspec.Struct, frozen=True, kw_only=True):
    """Output of `email.send`: the server's reply for each recipient. Later bounces go to the sender's mailbox."""

    message_id: str
    """The `Message-ID`, the same for all attempts of a visit."""
    accepted: list[str]
    """Addresses for which the server accepted the mail."""
    refused: list[RefusedRecipient]
    """Addresses that the server refused."""


_QUOTED_BY_SERVERS: Final = ("to", "cc", "reply_to", "subject", "text", "html", "attachments", "list_unsubscribe")


async def send_mail(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Sends one mail and returns the outcome in the shape of `EmailOutput`.

    A mail that the server accepts for some recipients only is sent, and the others are listed in `refused`.

    Raises: BadInput for a mail that cannot be sent, and as `submitting.submit`.
    """
    email = read_input(EmailInput, input_, "email.send")
    account = account_of(await ctx.connection(email.connection), "email.send")
    attachments = await open_attachments(email, ctx.blobs, ctx.limits.mail_bytes)
    letter = build_letter(email, account.sender, ctx.idempotency_key, ctx.clock.now(), attachments)
    size = sum(len(each.content) for each in attachments)
    mail = await offload_if_large(size, lambda: build_mail(letter, ctx.limits))
    try:
        result = await submit(ctx, account, mail)
    except OperationError as error:
        error.input_fields = _QUOTED_BY_SERVERS  # servers quote what they refuse
        raise
    output = EmailOutput(message_id=mail.message_id, accepted=list(result.accepted), refused=list(result.refused))
    return msgspec.to_builtins(output)


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
            other_kinds=("graph_mail",),
            normalize=with_decimal_texts,
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="smtp",
            title="Mail server",
            settings=SmtpConnectionSettings,
            secrets=SmtpConnectionSecrets,
            check=smtp_problems,
            required_secrets=smtp_secret_names,
            binding=smtp_binding,
            target=smtp_target,
            test=check_smtp,
        ),
        ConnectionKind(
            name="graph_mail",
            title="Mailbox of Microsoft 365",
            settings=GraphMailConnectionSettings,
            secrets=GraphMailConnectionSecrets,
            check=graph_problems,
            required_secrets=graph_secret_names,
            binding=graph_binding,
            target=graph_target,
            test=check_graph_mail,
        ),
    ),
)
