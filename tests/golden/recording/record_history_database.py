"""Makes a PostgreSQL database with every recorded history, which every later release must read as it was.

Each history is stored in several units, by the product's own store, under an id of its own. No effect is carried out:
all are queued. See `record_release.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from golden.recording.record import HISTORIES, SCENARIOS, summary
from golden.scenarios.tools import EXECUTION_ID
from golden.stores.database import store_on
from golden.stores.folder import Left, new_keys, open_catalog
from kit.driver import ORGANIZATION
from looply.definition import Workflow
from looply.engine.coding.codec import Codec
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.processing.committer import Committer, CommitterHooks
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailbox
from looply.engine.shell.audit import audit_store
from looply.execution import fold
from looply.execution.facts.address import card_id, incident_id
from looply.execution.facts.events import CardWanted, Event, ExecutionStarted, IncidentOpened, Migrated, Queued
from looply.testing.clock import fake_loop

_CHANNELS: Final = frozenset({"teams", "email"})
"""Those of the process that reads them."""
_EVENTS_OF_A_UNIT: Final = 3
_ID: Final = "01b8fb9a-3e80-7000-8000-{:012x}"


class _File(msgspec.Struct):
    history: list[Event]


class LeftHistories(Left, kw_only=True):
    """As `Left`. `restated` has, by the name of a story, the definitions that replace those of its history.

    A scenario may have been rewritten since its history was recorded.
    """

    restated: dict[str, dict[str, str]]


def history_of(name: str, execution_id: str, restated: Mapping[str, str]) -> list[Event]:
    """Returns a recorded history as that of another execution of the golden organization, with the ids that follow.

    `restated` has the hashes of other definitions in place of those of the history.
    """
    text = (HISTORIES / f"{name}.json").read_text("utf-8")
    ids = {EXECUTION_ID: execution_id, **restated}
    for seq, event in enumerate(_decoded(text), start=1):
        if isinstance(event, IncidentOpened):
            ids[event.incident_id] = incident_id(execution_id, seq)
        elif isinstance(event, CardWanted):
            for copy in event.copies:
                # Of those that change a card the first one has its address.
                ids.setdefault(copy.card_id, card_id(execution_id, event.address, copy.part))
    for old, new in ids.items():
        text = text.replace(old, new)
    first, *following = _decoded(text)
    if isinstance(first, ExecutionStarted):
        first = replace(first, organization_id=ORGANIZATION)
        if any(isinstance(event, Queued) for event in following):
            # All others are of one workflow, whose slots would be taken.
            first = replace(first, workflow_id=f"{first.workflow_id} {execution_id}")
    return [first, *following]


def restated_in(name: str, made: Sequence[Event]) -> dict[str, str]:
    """Returns the definitions that a scenario makes in place of those of its recorded history."""
    recorded = _definitions(_decoded((HISTORIES / f"{name}.json").read_text("utf-8")))
    return {old: new for old, new in zip(recorded, _definitions(made), strict=True) if old != new}


def _definitions(history: Sequence[Event]) -> list[str]:
    return [event.definition for event in history if isinstance(event, ExecutionStarted | Migrated)]


def _decoded(text: str) -> list[Event]:
    return msgspec.json.decode(text, type=_File).history


async def put_history(committer: Committer, workflows: Mapping[str, Workflow], history: list[Event]) -> None:
    """Stores a history in units of some events each. `workflows` are those that it ran on, by their hashes."""
    box, state = Mailbox(fold(history[:1]).started.execution_id), None
    for first in range(0, len(history), _EVENTS_OF_A_UNIT):
        events = history[first : first + _EVENTS_OF_A_UNIT]
        state = fold(events, state)
        await committer.commit(box, state, workflows[state.definition], events)


async def make_histories(address: str) -> LeftHistories:
    """Fills an empty database."""
    clock = fake_loop().clock
    keys = new_keys(address, clock)
    catalog = await open_catalog(address, clock, keys=keys)
    await catalog.organizations.create("Golden")
    await catalog.close()
    store = store_on(address, clock)
    boot = await store.open()
    codec = Codec(keys)
    codec.add_dictionaries(boot.dictionaries)
    # It is never started, so that it performs nothing.
    hooks = CommitterHooks(read=Loader(store, codec).load_state, channels=_CHANNELS)
    committer = Committer(store, codec, InProcessDispatcher(), clock, hooks=hooks)
    committer.begin(boot.epoch, boot.definitions)
    histories, restated = {}, {}
    for number, scenario in enumerate(sorted(SCENARIOS, key=lambda each: each.__name__), start=1):
        name, made = scenario.__name__, scenario()
        if changed := restated_in(name, made.history):
            restated[name] = changed
        history = history_of(name, _ID.format(number), restated.get(name, {}))
        await put_history(committer, made.workflows, history)
        histories[name] = fold(history)
    audit = await audit_store(store, Loader(store, codec).fold_history, _CHANNELS)
    assert list(audit.problems) == []
    await store.abandon()
    return LeftHistories(
        executions={name: state.started.execution_id for name, state in histories.items()},
        definitions={name: state.definition for name, state in histories.items()},
        summaries={name: summary(state) for name, state in histories.items()},
        open=audit.open,
        api_key="",
        catalog={},
        restated=restated,
    )
