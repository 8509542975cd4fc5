"""The systems that effects call: which target a lane leads to.

The queue of an effect is a pure function of its input: an operation, and the name of a connection or the canonical
origin of a URL. Which system a connection leads to, its settings say, and an administrator may change them. So a
process notes it at each call, and what is limited or stopped for each system goes by the target. A queue that is not
known yet counts as a target of its own.

A connection has its own way to its system: its certificates, its proxy, its token server. A failure of the way is one
of this connection alone, and has a name of its own beside that of the system.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from looply.engine.records.targets import way_name
from looply.execution.facts.datastores import is_datastore_operation
from looply.jsontext import Json
from looply.slots import Lane

_REMEMBERED: Final = 10_000

TargetOf = Callable[[str, Mapping[str, Json]], str]
"""Returns the target of a connection by its kind and settings; empty when the kind has none."""

OnTarget = Callable[[Lane, str], None]


def system_name(queue: str) -> str:
    """Returns the origin that a queue of calls by URL names, without their operation; any other queue as it is."""
    _, _, name = queue.partition(" ")
    return name if "://" in name and not is_datastore_operation(queue) else queue


class _Known(NamedTuple):
    """The target of a lane, the way to it, and the settings of the connection that they were computed from."""

    settings: Mapping[str, Json]
    lane: Lane
    way: Lane | None


class KnownTargets:
    """The targets of lanes, as of the last call of each in this process.

    `on_target` are called with each target that is new or has changed.
    """

    def __init__(self, target_of: TargetOf | None = None) -> None:
        self._target_of = target_of
        self._known: OrderedDict[Lane, _Known] = OrderedDict()
        self.on_target: list[OnTarget] = []

    def lane_of(self, lane: Lane) -> Lane:
        """Returns the owner with the target that a lane leads to; without the operation, so that all share it."""
        known = self._known.get(lane)
        if known is not None:
            return known.lane
        name = system_name(lane.target)
        return lane if name == lane.target else Lane(lane.owner, name)

    def way_of(self, lane: Lane) -> Lane | None:
        """Returns the owner with the way by which the connection of a lane reaches its system.

        None for a lane without a connection, or whose connection was not read yet.
        """
        known = self._known.get(lane)
        return known.way if known is not None else None

    def knows(self, lane: Lane) -> bool:
        """Returns whether it is known which system a lane leads to: by its URL, or since its connection was read.

        Effects without a system, such as functions and operations on datastores, lead to none.
        """
        _, _, name = lane.target.partition(" ")
        return lane in self._known or "://" in name or not name or is_datastore_operation(lane.target)

    def learn(self, lane: Lane, kind: str, settings: Mapping[str, Json]) -> None:
        """Notes the connection that a call of the lane has just opened; costs little while its settings stay."""
        known = self._known.get(lane)
        if self._target_of is None or (known is not None and known.settings == settings):
            return
        self._put(lane, settings, self._target_of(kind, settings))

    def link(self, lane: Lane, target: str) -> None:
        """Notes the target of a lane that is known under other names, such as hashes."""
        self._put(lane, {}, target)

    def _put(self, lane: Lane, settings: Mapping[str, Json], target: str) -> None:
        _, _, name = lane.target.partition(" ")
        way = Lane(lane.owner, way_name(target, name)) if target and name else None
        self._known[lane] = _Known(settings, Lane(lane.owner, target) if target else lane, way)
        self._known.move_to_end(lane)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        if target:
            for report in self.on_target:
                report(lane, target)
