"""The whole values of one event, which the log trims, as readers may see them."""

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from looply.execution.document.masking import mask_body, mask_pointers, without_tokens_in
from looply.execution.facts.events import Event, ExecutionStarted, StepEvent
from looply.execution.facts.log_levels import shows_values
from looply.execution.views.log_entries import tag_of
from looply.execution.views.logs import SHOWN, entry_shape
from looply.jsontext import Json


class EventValues(msgspec.Struct, frozen=True, kw_only=True):
    """The values of an event: `kind` is the type of its log entry, `step` is empty where it belongs to none.

    A value that the event does not have, or that the log level of its time does not show, is UNSET.
    """

    kind: str
    step: str
    input: Json | UnsetType = UNSET
    output: Json | UnsetType = UNSET


def event_values(event: Event) -> EventValues | None:
    """Returns the input and the output of an event, None for one without an entry in the log.

    Secrets and tokens in them are `***`; nothing is trimmed.
    """
    shape = entry_shape(event)
    if shape is None:
        return None
    kind = tag_of(shape)
    step = event.step if isinstance(event, StepEvent) else ""
    if event.log != "full" and not shows_values(event.log, kind):
        return EventValues(kind=kind, step=step)
    if isinstance(event, ExecutionStarted):
        event = replace(event, body=mask_body(event), secret=())
    found: dict[str, Json] = {}
    for field, name in SHOWN[type(event)][1] if type(event) in SHOWN else ():
        value = getattr(event, field)
        if name in ("input", "output") and value is not UNSET:
            found[name] = without_tokens_in(mask_pointers(value, getattr(event, "secret", ()), field))
    return EventValues(kind=kind, step=step, **found)
