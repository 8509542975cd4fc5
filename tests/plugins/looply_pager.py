"""A channel of another distribution than Looply, with the connector that has its connections: pages people."""

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from looply.channels.port import (
    ChannelContext,
    DeclaredChannel,
    DeclaredReceiver,
    Inbound,
    NotGenuine,
    Outcome,
    Pressed,
    ReceiverReply,
)
from looply.connectors.http.bodies import encode_body, read_output
from looply.connectors.outbound.urls import join_url, origin, parse_base_url
from looply.connectors.port import Binding, ConnectionKind, ConnectionValues, Connector, HttpRequest
from looply.engine.ports.card_channel import Blocked, Broken, Budget, Copy, Delivered, TryAgain
from looply.errors import BadRequest, OperationError, Problem
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json, encode_json
from looply.limits import DEFAULT_LIMITS

_CALL_TIME = timedelta(seconds=5)
_WINDOW = timedelta(minutes=5)
"""How far the time of a press may be from now."""


class PagerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `pager`."""

    base_url: str
    """Scheme, host and port."""


class PagerSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `pager`."""

    token: str
    """The token of its calls."""
    signing_key: str = ""
    """The key with which the pager signs what it sends; without one nothing is taken."""


def _binding(settings: Mapping[str, Json]) -> Binding:
    read = msgspec.convert(dict(settings), PagerSettings)
    return Binding(frozenset({origin(parse_base_url(read.base_url))}), {"auth": "bearer"})


CONNECTOR = Connector(
    name="pager",
    title="Pager",
    operations=(),
    connection_kinds=(
        ConnectionKind(name="pager", title="Pager", settings=PagerSettings, secrets=PagerSecrets, binding=_binding),
    ),
)


class PagerChannel:
    """Brings each card as a page with its link. A page has the id of its card, so that a repeated call is harmless."""

    budget = Budget(per_second=5.0, at_once=4)

    def __init__(self, context: ChannelContext) -> None:
        self._context = context

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """Sends the page, or replaces it."""
        used = await self._context.connect(copy, ("pager",), _CALL_TIME)
        settings = used.values.read("pager", PagerSettings, "the channel pager")
        page: dict[str, Json] = {"to": view.recipient, "status": view.status, "text": view.text}
        if view.status == "OPEN":
            page |= {"link": self._context.link(copy), "token": copy.token, "revision": view.revision}
        content, content_type = encode_body("json", page, copy.card_id)
        headers = {"authorization": f"Bearer {used.values.secrets['token']}", "content-type": content_type or ""}
        url = join_url(parse_base_url(settings.base_url), f"pages/{copy.card_id}")
        response = await used.http.send(HttpRequest(method="PUT", url=url, headers=headers, content=content))
        answer = await read_output(response, DEFAULT_LIMITS)
        if error := _outcome_of(response.status, answer["data"]):
            raise error
        return Delivered(handle=encode_json({"a": [copy.card_id]}).decode())


def _outcome_of(status: int, said: Json) -> OperationError | None:
    """Returns what follows from a refusal: the engine brings the card again, or its fallback takes over."""
    if status < 400:
        return None
    if status == 429:
        return TryAgain(timedelta(seconds=30), "the pager asks for a pause", is_for_all=True)
    if status == 404:
        return Blocked(f"the pager knows no such person: {said}")
    return Broken(f"the pager cannot show the card: {status} {said}")


def _unfit(card: Json) -> Iterable[Problem]:
    """Yields what a page does not show: it has the link alone, so that pictures are not seen there."""
    body = card.get("body") if isinstance(card, dict) else None
    for index, element in enumerate(body if isinstance(body, list) else ()):
        if isinstance(element, dict) and element.get("type") == "Image":
            yield Problem(path=f"/body/{index}", message="a page shows no picture; the linked page of the card does")


class _Press(msgspec.Struct, frozen=True, kw_only=True):
    """What the pager sends when a person presses a button of a page."""

    token: str
    person: str
    button: str
    revision: int = 0


def _verify(sent: Inbound, values: ConnectionValues, now: datetime) -> datetime:
    """Returns until when a press is taken; its signature is over its time and all of its bytes."""
    key, stamp = values.secrets.get("signing_key"), sent.headers.get("x-pager-time", "")
    if not isinstance(key, str) or not key:
        raise NotGenuine("the connection has no signing key")
    expected = hmac.new(key.encode(), stamp.encode() + b"." + sent.content, "sha256").hexdigest()
    if not hmac.compare_digest(expected, sent.headers.get("x-pager-signature", "")):
        raise NotGenuine("the signature is another one")
    if not stamp.isdecimal() or len(stamp) > 10:
        raise NotGenuine("the time is none")
    made = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - made) > _WINDOW:
        raise NotGenuine("the press is too old, or of the future")
    return made + _WINDOW


def _read(sent: Inbound) -> Pressed | None:
    try:
        press = msgspec.json.decode(sent.content, type=_Press)
    except msgspec.DecodeError as error:
        raise BadRequest("the body is no press of a button") from error
    data: dict[str, Json] = {"action": press.button}
    return Pressed(token=press.token, data=data, mail=press.person, revision=press.revision)


def _reply(outcome: Outcome | None) -> ReceiverReply:
    """Returns what the pager shows: one line of text."""
    text = "OK"
    if outcome is not None and outcome.state != "recorded":
        text = f"{outcome.state.upper()} {outcome.answered_by or outcome.message}"
    return ReceiverReply(content=text.encode(), media_type="text/plain; charset=utf-8")


CHANNEL = DeclaredChannel(
    name="pager",
    open=PagerChannel,
    check_card=_unfit,
    receiver=DeclaredReceiver(
        kind="pager",
        headers=("x-pager-time", "x-pager-signature"),
        verify=_verify,
        read=_read,
        reply=_reply,
    ),
)
