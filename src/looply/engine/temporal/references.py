"""References to effects for Temporal: numbers, names of queues and hashes, no content."""

from dataclasses import dataclass
from hashlib import blake2b

from looply.engine.effects.targets import system_name
from looply.engine.ports.dispatch import EffectRef


@dataclass(frozen=True, slots=True)
class Reference:
    """An effect of the execution that the workflow is named after.

    `seq` numbers the event that scheduled the attempt, `queue` is the task queue of its connector, `lane` is a hash of
    the target that limits it, `owner` one of the organization: the same for all effects of one target, of one
    organization, and nothing else can be read from them.
    """

    seq: int
    queue: str
    lane: str
    owner: str = ""


def connector_queue(prefix: str, connector: str) -> str:
    """Returns the task queue of a connector's effects."""
    return f"{prefix}-{connector}"


def reference_of(effect: EffectRef, prefix: str) -> Reference:
    """Returns the reference of an effect, whose target is an operation and a system, such as `http.request host`."""
    owner, target = effect.lane
    connector = target.partition(" ")[0].partition(".")[0]
    return Reference(
        seq=effect.seq,
        queue=connector_queue(prefix, connector),
        lane=obscure(system_name(target)),
        owner=obscure(owner),
    )


def obscure(name: str) -> str:
    """Returns a hash of the name of a target or of an organization."""
    return blake2b(name.encode(), digest_size=6).hexdigest()
