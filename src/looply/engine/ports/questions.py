"""What a server that makes no calls asks a worker: both read a question as one of these, whatever stores it between."""

from decimal import Decimal
from typing import TypeAlias

import msgspec

from looply.connectors.port import ConnectionValues, DefinedCall
from looply.engine.ports.tried_calls import TriedCall
from looply.jsontext import Json


class AskedConnection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection that is tested or asked, saved or not. It must never be logged."""

    name: str
    kind: str
    settings: dict[str, Json]
    secrets: dict[str, str]
    revision: int

    def __repr__(self) -> str:
        return f"AskedConnection({self.kind!r})"


class AskTest(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="test", forbid_unknown_fields=True):
    """The checks of a connection. `path` is a path of the system that is called too; empty: the connector chooses."""

    connection: AskedConnection
    path: str


class AskDiscovery(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="discover", forbid_unknown_fields=True
):
    """What the system offers, by the connector's own `question`."""

    connection: AskedConnection
    question: dict[str, str]


class AskCheck(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="check", forbid_unknown_fields=True):
    """Whether calls of definitions fit what the system says of itself at present."""

    connection: AskedConnection
    calls: list[DefinedCall]


class AskTry(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="try", forbid_unknown_fields=True):
    """The outcome of the call of a step that is tried."""

    call: TriedCall


Ask: TypeAlias = AskTest | AskDiscovery | AskCheck | AskTry


def describe_connection(values: ConnectionValues) -> AskedConnection:
    """Returns a connection as a question has it."""
    return AskedConnection(
        name=values.name,
        kind=values.kind,
        settings=dict(values.settings),
        secrets=dict(values.secrets),
        revision=values.revision,
    )


def encode_ask(ask: Ask) -> Json:
    """Returns a question as JSON; numbers keep their digits."""
    return msgspec.to_builtins(ask, builtin_types=(Decimal,))


def decode_ask(content: Json) -> Ask:
    """Returns the question of its JSON. Raises: ValidationError for one that this release does not know."""
    ask: Ask = msgspec.convert(content, Ask)
    return ask
