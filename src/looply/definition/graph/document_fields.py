"""The members of the data document at one step, made when an expression reads them: a definition has many steps."""

from collections.abc import Iterator, Mapping
from itertools import chain

from looply.definition.graph.run_order import Order
from looply.expressions.shapes.shape import Field, LazyFields, Presence


class StepEntries:
    """The entries of all steps of a definition, shared by the data documents of its steps."""

    def __init__(self, entries: Mapping[str, Mapping[Presence, Field]]) -> None:
        self.by_id = entries
        self.weight = sum(entry[Presence.ALWAYS].shape.weight for entry in entries.values())
        self.alike: dict[str, list[str]] = {}
        for id_ in entries:
            self.alike.setdefault(id_.lower(), []).append(id_)


class DocumentFields(LazyFields):
    """The members of the document at one step: `own`, then the outputs of steps that may have run before it.

    Without an `order` any step may have run.
    """

    __slots__ = ("_entries", "_order", "_own")

    def __init__(self, own: Mapping[str, Field], entries: StepEntries, order: Order | None) -> None:
        self._own = own
        self._entries = entries
        self._order = order

    def __getitem__(self, name: str) -> Field:
        """Returns a member. Raises: KeyError."""
        own = self._own.get(name)
        return own if own is not None else self._entries.by_id[name][self._presence(name)]

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names, those of steps in document order."""
        return chain(self._own, (id_ for id_ in self._entries.by_id if id_ not in self._own and self._may_run(id_)))

    def __len__(self) -> int:
        """Counts the names."""
        return sum(1 for _ in self)

    @property
    def weight(self) -> int:
        """About how many shapes are within them."""
        return self._entries.weight + sum(field.shape.weight for field in self._own.values())

    def alike(self, folded: str) -> list[Field]:
        """Returns the members whose name in lower case is this one."""
        own = [field for name, field in self._own.items() if name.lower() == folded]
        ids = (id_ for id_ in self._entries.alike.get(folded, ()) if id_ not in self._own and self._may_run(id_))
        return [*own, *(self[id_] for id_ in ids)]

    def _may_run(self, step_id: str) -> bool:
        return self._order is None or self._order.may_have_run(step_id)

    def _presence(self, step_id: str) -> Presence:
        """Returns whether a step has an output. Raises: KeyError when it does not run before."""
        if self._order is None:
            return Presence.UNSTATED
        if not self._order.may_have_run(step_id):
            raise KeyError(step_id)
        return Presence.ALWAYS if self._order.has_surely_run(step_id) else Presence.SOMETIMES
