"""Effects over Temporal: any number of servers offer them, any number of workers carry them out.

Imports `ports` and `effects`.
Never here: a decision, or data of an execution; Temporal gets ids.

Theory of operation. The effect table is the outbox, and its rows decide. A server signals to Temporal that an execution
has effects to run: one small workflow for each execution with effects in flight, whose id is the execution's. It starts
an activity for each effect; the worker that takes it marks the row as running, calls the connector and stores the
outcome with what follows. It carries out a single following effect in the same activity (`chain.py`); it returns
several, or one for other workers, and the workflow starts them. Only ids are sent. Temporal may lose or repeat
anything: the row of an effect that is offered again says what is still to be done.

`temporalio` is an optional dependency: nothing but this package imports it.
"""

from looply.engine.temporal.dispatcher import TemporalDispatcher
from looply.engine.temporal.settings import Serving, TemporalSettings

__all__ = ["Serving", "TemporalDispatcher", "TemporalSettings"]
