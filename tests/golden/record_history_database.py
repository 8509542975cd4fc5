"""Records a PostgreSQL database with every recorded history, which every later release must read as it was.

`python tests/golden/record_history_database.py NAME` adds `databases/NAME_histories.sql.xz` and what is in it; see
`record_database.py`. Each history is stored in several units, by what stores units in life, under an id of its own.
Nothing is carried out: all effects stand in line.
"""

import sys
from typing import Final

import msgspec
from golden_database import OF_HISTORIES, store_on
from golden_folder import SEALING_KEY, Left, open_catalog
from golden_tools import EXECUTION_ID
from msgspec.structs import replace
from record import HISTORIES, SCENARIOS, summary
from record_database import record

from looply.definition import Workflow
from looply.engine.audit import audit_store
from looply.engine.codec import Codec
from looply.engine.committer import Committer
from looply.engine.dispatch import InProcessDispatcher
from looply.engine.loading import Loader
from looply.engine.mailbox import Mailbox
from looply.execution import fold
from looply.execution.address import card_id, incident_id
from looply.execution.events import CardWanted, Event, ExecutionStarted, IncidentOpened, Queued
from looply.sealing import Sealer
from looply.testing.clock import SerialEntropy, fake_loop

_EVENTS_OF_A_UNIT: Final = 3
_ID: Final = "01b8fb9a-3e80-7000-8000-{:012x}"


class _File(msgspec.Struct):
    history: list[Event]


def history_of(name: str, execution_id: str) -> list[Event]:
    """Returns a recorded history as that of another execution, with the ids that follow from its own."""
    text = (HISTORIES / f"{name}.json").read_text("utf-8")
    ids = {EXECUTION_ID: execution_id}
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
    if isinstance(first, ExecutionStarted) and any(isinstance(event, Queued) for event in following):
        # All others are of one workflow, whose slots would be taken.
        first = replace(first, workflow_id=f"{first.workflow_id} {execution_id}")
    return [first, *following]


def _decoded(text: str) -> list[Event]:
    return msgspec.json.decode(text, type=_File).history


async def put_history(committer: Committer, workflow: Workflow, history: list[Event]) -> None:
    """Stores a history in units of some events each."""
    box, state = Mailbox(fold(history[:1]).started.execution_id), None
    for first in range(0, len(history), _EVENTS_OF_A_UNIT):
        events = history[first : first + _EVENTS_OF_A_UNIT]
        state = fold(events, state)
        await committer.commit(box, state, workflow, events)


async def make_histories(address: str) -> Left:
    """Fills an empty database."""
    clock = fake_loop().clock
    await (await open_catalog(address, clock)).close()
    store = store_on(address, clock)
    boot = await store.open()
    codec = Codec(Sealer(SEALING_KEY, SerialEntropy()))
    codec.add_dictionaries(boot.dictionaries)
    # It is never started, so that it performs nothing.
    committer = Committer(store, codec, InProcessDispatcher(), clock)
    committer.begin(boot.epoch, boot.definitions)
    histories = {}
    for number, scenario in enumerate(sorted(SCENARIOS, key=lambda each: each.__name__), start=1):
        history = history_of(scenario.__name__, _ID.format(number))
        await put_history(committer, scenario().workflow, history)
        histories[scenario.__name__] = fold(history)
    audit = await audit_store(store, Loader(store, codec).folded)
    assert list(audit.problems) == []
    await store.abandon()
    return Left(
        executions={name: state.started.execution_id for name, state in histories.items()},
        definitions={name: state.definition for name, state in histories.items()},
        summaries={name: summary(state) for name, state in histories.items()},
        open=audit.open,
        api_key="",
        catalog={},
    )


if __name__ == "__main__":
    record(sys.argv[1] + OF_HISTORIES, make_histories)
