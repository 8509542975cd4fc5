"""What a store tells when it is opened."""

from collections.abc import Mapping, Sequence

import msgspec


class StartupState(msgspec.Struct, frozen=True, kw_only=True):
    """The epoch of this process, the highest execution id ("" when empty), the dictionaries by number, and the ids of
    definitions that are stored.

    `suspects` are executions of which one may have brought a process down, and something is to be done for them;
    `poisoned` those that ended too many. Where the store is shared suspects are asked for (`Trials.suspects`)."""

    epoch: int
    highest_id: str
    dictionaries: Mapping[int, bytes]
    definitions: frozenset[str]
    poisoned: Sequence[str]
    suspects: frozenset[str] = frozenset()
