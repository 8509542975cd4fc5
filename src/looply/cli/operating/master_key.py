"""`looply master-key`: rotation of the master key, while servers run."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from cyclopts import App

from looply.cli.terminal.options import AnyFolder
from looply.cli.terminal.tables import table
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import Conflict, DataFolderInUse, Refused
from looply.master_keys import VARIABLE, MasterKey, MasterKeys, new_key

if TYPE_CHECKING:
    from looply.settings import Settings

APP: Final = App(
    name="master-key", help="The master key of stored secrets: status; distribute, activate, retire a new one."
)

_PATIENCE_SECONDS: Final = 30.0
"""How long the command waits for the servers."""
_LOOK_SECONDS: Final = 0.2

States = Sequence[dict[str, Any]]


@APP.command
async def status(*, data: AnyFolder = None, terminal: Here) -> None:
    """Show all master keys, also former ones, and how many data keys each of them wraps."""
    settings, _ = _open_keys(terminal, data)
    _show(terminal, await _states(settings))


@APP.command
async def distribute(*, data: AnyFolder = None, terminal: Here) -> None:
    """Add a new master key to the key file. Processes load it, but do not use it yet.

    Where several machines have key files of their own, copy the file to all of them before the next step.
    """
    settings, keys = _open_keys(terminal, data)
    held, states = _require_keys(keys), await _states(settings)
    if not keys.is_file:
        raise Refused(
            f"the master key comes from {VARIABLE}, which this command cannot change. Make a key, such as by 'openssl"
            f" rand -base64 32', put it behind the present one, after a comma, for every process, and restart them",
            code="KEY_IN_SETTING",
        )
    pending = _pending_keys(held, states)
    if not pending:
        pending = [new_key()]
        keys.store([*held, *pending])
    _show(terminal, await _settle(terminal, settings, lambda states: _has(states, pending[-1], "distributed")))


@APP.command
async def activate(*, data: AnyFolder = None, terminal: Here) -> None:
    """Wrap all data keys with the distributed key, and use it from then on.

    Every process must have the key before. Repeating it changes nothing.
    """
    settings, keys = _open_keys(terminal, data)
    held, states = _require_keys(keys), await _states(settings)
    pending = _pending_keys(held, states)
    first = pending[-1] if pending else _active_key(held, states)
    if held[0] != first:
        if not keys.is_file:
            message = (
                f"{VARIABLE} names {held[0].key_id} first; put {first.key_id} there for every process, and restart"
            )
            raise Refused(message, code="KEY_IN_SETTING")
        keys.store([first, *(key for key in held if key != first)])
    _show(terminal, await _settle(terminal, settings, lambda states: _has(states, first, "active")))


@APP.command
async def retire(*, data: AnyFolder = None, terminal: Here) -> None:
    """Remove all master keys but the active one from the key file.

    Keep a former key as long as backups that were made with it: no other key opens them. Repeating it changes nothing.
    """
    settings, keys = _open_keys(terminal, data)
    held, states = _require_keys(keys), await _states(settings)
    if pending := _pending_keys(held, states):
        message = f"the key {pending[-1].key_id} was distributed and is not active yet; activate it first"
        raise Conflict(message, code="KEY_NOT_ACTIVE")
    active = _active_key(held, states)
    if in_use := [each["key_id"] for each in states if each["data_keys"] and each["key_id"] != active.key_id]:
        message = f"data keys are still wrapped with {', '.join(in_use)}; activate again, or restore what is damaged"
        raise Conflict(message, code="KEY_IN_USE")
    if held != (active,):
        if not keys.is_file:
            message = f"nothing uses the other keys any more: leave {active.key_id} alone in {VARIABLE}, and restart"
            raise Refused(message, code="KEY_IN_SETTING")
        keys.store([active])
    _show(terminal, await _settle(terminal, settings, lambda states: not any(_is_former(each) for each in states)))


def _open_keys(terminal: Terminal, data: AnyFolder) -> tuple["Settings", MasterKeys]:
    from looply.bootstrap import master_keys_of  # noqa: PLC0415 - slow import: only what opens a store needs all layers
    from looply.cli.offline.store import existing_settings  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = existing_settings(terminal, data)
    return settings, master_keys_of(settings)


def _require_keys(keys: MasterKeys) -> tuple[MasterKey, ...]:
    if not (held := keys.load()):
        raise Refused(f"{keys.source} is missing; put the key of the stored secrets back first", code="KEY_MISSING")
    return held


async def _states(settings: "Settings") -> States:
    from looply.bootstrap import read_only_catalog  # noqa: PLC0415 - slow import: only what opens a store needs all layers
    from looply.catalog.tenants import rotation  # noqa: PLC0415 - slow import: only work on the store needs it

    async with read_only_catalog(settings) as database:
        return await database.read(rotation.key_states)


async def _settle(terminal: Terminal, settings: "Settings", is_done: Callable[[States], bool]) -> States:
    """Returns the states of the keys once the catalog matches the key file: this process applies it, or the server.

    Raises: Conflict (code `KEY_NOT_TAKEN`) when a running server does not apply it.
    """
    from looply.bootstrap import apply_master_keys  # noqa: PLC0415 - slow import: only what opens a store needs all layers

    try:
        await apply_master_keys(settings, terminal.clock)
    except DataFolderInUse:
        await _wait(settings, is_done)
    return await _states(settings)


async def _wait(settings: "Settings", is_done: Callable[[States], bool]) -> None:
    for _ in range(int(_PATIENCE_SECONDS / _LOOK_SECONDS)):
        if is_done(await _states(settings)):
            return
        await asyncio.sleep(_LOOK_SECONDS)
    message = "the running server has not applied the key file; its log says why (key_watch_failed). Repeat this step"
    raise Conflict(message, code="KEY_NOT_TAKEN")


def _pending_keys(keys: Sequence[MasterKey], states: States) -> list[MasterKey]:
    """Returns the keys that were distributed and never activated."""
    used = {each["key_id"] for each in states if each["state"] != "distributed"}
    return [key for key in keys if key.key_id not in used]


def _active_key(keys: Sequence[MasterKey], states: States) -> MasterKey:
    active = next((each["key_id"] for each in states if each["state"] == "active"), None)
    for key in keys:
        if key.key_id == active:
            return key
    raise Refused(f"the active master key {active} is not among those that are given; put it back", code="KEY_WRONG")


def _has(states: States, key: MasterKey, state: str) -> bool:
    return any(each["key_id"] == key.key_id and each["state"] == state for each in states)


def _is_former(state: dict[str, Any]) -> bool:
    return bool(state["state"] == "former")


def _show(terminal: Terminal, states: States) -> None:
    document = {"master_keys": [dict(each) for each in states]}
    rows = [tuple(each.values()) for each in document["master_keys"]]
    terminal.show(document, lambda: table(("key", "state", "data keys"), rows))
