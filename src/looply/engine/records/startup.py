"""What a store reports when it is opened."""

from collections.abc import Mapping, Sequence

import msgspec


class StartupState(msgspec.Struct, frozen=True, kw_only=True):
    """The epoch of this process, the highest execution id ("" when empty), the dictionaries by number, and the ids of
    definitions that are stored.

    `suspects` are executions with work to do of which one may have ended a process; `poisoned` those that ended too
    many processes. Where the store is shared, suspects are looked up by `Trials.suspects` instead."""

    epoch: int
    highest_id: str
    dictionaries: Mapping[int, bytes]
    definitions: frozenset[str]
    poisoned: Sequence[str]
    suspects: frozenset[str] = frozenset()
