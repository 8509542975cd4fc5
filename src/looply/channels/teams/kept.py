"""What is kept in memory for each connection: its keys, and what verifies by them, until the connection is saved."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from looply.connectors.teams.inbound.keys import KeyRing

Verifier = TypeVar("Verifier")

_MOST_KEPT: Final = 1000
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
        if found is not None and found[0] != revision:
            await found[1].keys.close()
            found = None
        kept = found[1] if found is not None else build()
        self._kept[connection_id] = revision, kept
        if len(self._kept) > _MOST_KEPT:
            _, (_, oldest) = self._kept.popitem(last=False)
            await oldest.keys.close()
        return kept.verifier

    async def close(self) -> None:
        """Ends the reads of keys that run; closing twice is legal."""
        for _, kept in self._kept.values():
            await kept.keys.close()
        self._kept.clear()
