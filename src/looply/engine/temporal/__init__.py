"""Effects over Temporal: any number of servers offer them, any number of workers carry them out.

Theory of operation. The effect table is the outbox, and its rows decide. A server tells Temporal that an execution has
effects to run: one small workflow for each execution with effects in flight, whose id is the execution's. It starts an
activity for each effect; the worker that takes it marks the row as running, calls the connector and stores the outcome
with what follows. One effect that follows alone it carries out in the same activity (`chain.py`); several, or one for
other workers, it returns, and the workflow starts them. Only ids travel. Temporal may forget or repeat anything: an
effect that is offered again finds a row that says what is still to be done.

`temporalio` is an extra: nothing but this package imports it.
"""

from looply.engine.temporal.dispatcher import TemporalDispatcher
from looply.engine.temporal.settings import Serving, TemporalSettings

__all__ = ["Serving", "TemporalDispatcher", "TemporalSettings"]
