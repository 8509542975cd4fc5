"""What is kept in memory for each connection: its keys, and what verifies by them, until the connection is saved."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from looply.connectors.teams.inbound.keys import KeyRing

Verifier = TypeVar("Verifier")

_MAX_KEPT: Final = 1000
"""Connections whose keys are kept in memory; those of any other are read again."""


class Verifying(NamedTuple, Generic[Verifier]):
    """What verifies by the keys of an issuer."""

    verifier: Verifier
    keys: KeyRing


class KeptVerifiers(Generic[Verifier]):
    """The verifiers of the connections that were used last, each of the revision for which it was opened."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, Verifying[Verifier]]] = OrderedDict()

    async def get(self, connection_id: str, revision: int, build: Callable[[], Verifying[Verifier]]) -> Verifier:
        """Returns the verifier of a connection, with the keys that were read before, unless it was saved since."""
        found = self._kept.pop(connection_id, None)
        is_same = found is not None and found[0] == revision
        kept = found[1] if found is not None and is_same else build()
        # It is stored before anything is awaited: of two calls at once the second one finds what the first one built.
        self._kept[connection_id] = revision, kept
        ended = [found[1]] if found is not None and not is_same else []
        if len(self._kept) > _MAX_KEPT:
            _, (_, oldest) = self._kept.popitem(last=False)
            ended.append(oldest)
        for each in ended:
            await each.keys.close()
        return kept.verifier

    async def close(self) -> None:
        """Ends the reads of keys that run; closing twice is legal."""
        while self._kept:
            _, (_, kept) = self._kept.popitem()
            await kept.keys.close()
