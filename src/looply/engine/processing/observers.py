"""Observers: what is called after each durable unit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from looply.engine.records.changes import StateChange


def ignore(*_: object) -> None:
    """Does nothing."""


@dataclass(slots=True, kw_only=True)
class Observers:
    """The observers of one shell; those that are not set do nothing. An observer must not raise.

    `on_timer` gets the earliest due instant of new timers, None when a schedule or a concurrency slot has changed or
    something was sent to another execution; `on_copies` is called when a copy of a card must be updated in its channel;
    `on_change` gets what the unit changed, `on_commit` the seconds that the store took for it.
    The loops that are made with a shell set theirs when they are made.
    """

    on_timer: Callable[[datetime | None], None] = ignore
    on_copies: Callable[[], None] = ignore
    on_change: Callable[[StateChange], None] = ignore
    on_commit: Callable[[float], None] = ignore
