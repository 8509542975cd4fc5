"""What other systems send, each at the address of a connection: activities of Microsoft Teams, and what the receivers
of installed channels take."""

from collections.abc import Mapping
from typing import Final

import msgspec

from looply.app.context.services import Receiver, Services
from looply.errors import Forbidden, NotFound
from looply.jsontext import Json
from looply.server.http.call import Call, Response, Route, public_route
from looply.server.http.request_parsing import read_headers

MAX_BYTES: Final = 256 * 1024
"""The largest body that any receiver reads."""
_AUTHORIZATION: Final = "Authorization"
_MAX_HEADER_LENGTH: Final = 10_000
FORBIDDEN: Final = 403
NOTHING: Final = b""


class InvokeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an invoke of Teams, in Microsoft's form: a card, or an error, with a status of its own."""

    status_code: int = msgspec.field(name="statusCode")
    type: str
    value: dict[str, Json]


async def receive(call: Call) -> Response:
    """Takes what a system sends, after its sender was verified."""
    receiver = _receiver(call.services, call.values["receiver"])
    found = read_headers(call.all_headers, receiver.headers, _MAX_HEADER_LENGTH)
    headers = {name.decode("ascii"): value for name, value in found.items()}
    received = await receiver.receive(call.services, call.values["connection"], headers, call.body)
    if received.media_type:
        return Response(received.content, received.status, media_type=received.media_type.encode("ascii"))
    if received.body is None:
        return Response(NOTHING, received.status, media_type=NOTHING)
    if received.status == FORBIDDEN:
        raise Forbidden("Forbidden")
    return Response(msgspec.convert(received.body, InvokeAnswer), received.status)


async def _check(services: Services, values: Mapping[str, str]) -> None:
    """Raises: NotFound for an address that no connection has."""
    await _receiver(services, values["receiver"]).check(values["connection"])


def _receiver(services: Services, name: str) -> Receiver:
    found = services.receivers.get(name)
    if found is None:
        raise NotFound("this installation has no such receiver", code="CONNECTION_NOT_FOUND")
    return found


ROUTES: Final[tuple[Route, ...]] = (
    public_route(
        method="POST",
        path="/v2/receive/{connection}/{receiver}",
        handle=receive,
        summary="Take what another system sends",
        description=(
            "For Microsoft Teams, as the messaging endpoint of its bot: `connection` is the id of the connection, "
            "`receiver` is `teams`. The sender proves itself by a signed token, without which nothing of the body is "
            "read; the answer is one of the protocol of that system. An installed channel may have a receiver too, "
            "of its name, with headers, a proof and answers of its own."
        ),
        tag="Inbox",
        path_values={
            "connection": "Id of the connection.",
            "receiver": "`teams`, or the name of a channel.",
        },
        header_values={_AUTHORIZATION: "The token of the sender."},
        header_characters=_MAX_HEADER_LENGTH,
        answer=InvokeAnswer,
        body_bytes=MAX_BYTES,
        has_strict_query=False,
        check_token=_check,
        refusals=(403, 404, 413, 501),
    ),
)
