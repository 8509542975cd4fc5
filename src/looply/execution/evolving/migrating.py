"""`evolve` for a migration to another version, where steps may have other names.

Theory of operation. All entries of a renamed step take the new name, so that lookups in the new definition find it.
Other systems still use the old name: tokens of waits and cards, attempts in flight, stored idempotency keys. So
addresses that are still in use are kept as `aliases`, an open effect keeps the address of its key, a card the address
of its token. Visits of the old name stay counted, or a step that takes that name later would reuse a key.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from immutables import Map
from msgspec.structs import replace

from looply.execution.facts.address import Address, parse_address
from looply.execution.facts.events import Migrated
from looply.execution.facts.scopes import Frame, SecretPath
from looply.execution.facts.state import Card, ExecutionState, Incident, OpenStep, OpenWait, Path, Timer


def apply_migrated(state: ExecutionState, event: Migrated) -> ExecutionState:
    """Returns the state on another definition, with the step names of that definition."""
    state = replace(state, workflow_version=event.workflow_version, definition=event.definition, edited=state.seq + 1)
    names = {old: new for old, new in event.steps.items() if old != new}
    return _Renaming(state, names, event.places).apply() if names else state


class _Addresses:
    """The addresses of one migration: the new address of each visit of a renamed step, and the visit counts."""

    def __init__(self, state: ExecutionState, names: Mapping[str, str], renamed_waits: Mapping[str, str]) -> None:
        self._names = names
        self.visits = state.visits
        self.renamed: dict[str, str] = {}
        for path in state.paths:
            if path.step in names and path.visit:
                self._rename_visit(path.address)
        for scoped_step in (*state.visits, *(f"/{name}" for name in names)):
            self._rename_next(state, scoped_step)
        for old, new in renamed_waits.items():
            self.renamed.setdefault(self._next(old).text, self._next(new).text)

    def now(self, text: str) -> str:
        """Returns the current form of an address."""
        return self.renamed.get(text, text)

    def _rename_visit(self, address: Address) -> None:
        """Gives the current visit of a path its new address; it counts as a visit of the new name."""
        new = self._names[address.step]
        scoped_step = f"{address.scope}/{new}"
        visit = address.visit if scoped_step not in self.visits else self.visits[scoped_step] + 1
        self.visits = self.visits.set(scoped_step, visit)
        self.renamed[address.text] = Address(address.scope, new, visit).text

    def _rename_next(self, state: ExecutionState, scoped_step: str) -> None:
        """Gives the next visit its new address: a token of it may be in use already."""
        scope, _, step = scoped_step.rpartition("/")
        if step not in self._names:
            return
        following = state.next_visit(scope, step)
        new = self._names[step]
        visit = self.visits.get(f"{scope}/{new}", 0) + 1
        self.renamed.setdefault(following.text, Address(scope, new, visit).text)

    def _next(self, scoped_step: str) -> Address:
        scope, _, step = scoped_step.rpartition("/")
        return Address(scope, step, self.visits.get(scoped_step, 0) + 1)


class _Renaming:
    """One migration: moves all entries of renamed steps to their new names."""

    def __init__(self, state: ExecutionState, names: Mapping[str, str], renamed_waits: Mapping[str, str]) -> None:
        self._state = state
        self._names = names
        self._addresses = _Addresses(state, names, renamed_waits)
        self._now = self._addresses.now

    def apply(self) -> ExecutionState:
        """Returns the state with the new names."""
        state = self._state
        return replace(
            state,
            paths_by_scope={scope: self._path(path) for scope, path in state.paths_by_scope.items()},
            frames={scope: self._frame(frame) for scope, frame in state.frames.items()},
            visits=self._addresses.visits,
            outputs=self._by_step(state.outputs),
            sizes=self._by_step(state.sizes),
            secrets=self._secrets(state.secrets),
            open_steps={self._now(text): self._open_step(step) for text, step in state.open_steps.items()},
            waits={self._now(text): self._wait(wait) for text, wait in state.waits.items()},
            timers={seq: self._timer(timer) for seq, timer in state.timers.items()},
            buffered={self._now(text): kept for text, kept in state.buffered.items()},
            cards=self._cards(state.cards),
            children={key: replace(child, address=self._now(child.address)) for key, child in state.children.items()},
            incidents={key: self._incident(incident) for key, incident in state.incidents.items()},
            aliases=self._aliases(),
        )

    def _path(self, path: Path) -> Path:
        if path.step not in self._names:
            return path
        address = parse_address(self._now(path.address.text)) if path.visit else path.address
        failure = path.failure
        if failure is not None:
            failure = replace(failure, step=self._names[path.step], visit=address.visit)
        return replace(path, step=self._names[path.step], visit=address.visit, failure=failure)

    def _by_step(self, items: Map[str, Any]) -> Map[str, Any]:
        kept = {name: value for name, value in items.items() if name not in self._names}
        renamed = {self._names[name]: value for name, value in items.items() if name in self._names}
        return Map({**kept, **renamed}) if renamed else items

    def _frame(self, frame: Frame) -> Frame:
        return replace(
            frame,
            outputs=self._by_step(frame.outputs),
            sizes=self._by_step(frame.sizes),
            secrets=self._secrets(frame.secrets),
        )

    def _secrets(self, secrets: tuple[SecretPath, ...]) -> tuple[SecretPath, ...]:
        return tuple((self._names.get(path[0], path[0]), *path[1:]) for path in secrets)

    def _open_step(self, step: OpenStep) -> OpenStep:
        now = self._now(step.address)
        return step if now == step.address else replace(step, address=now, key=step.key or step.address)

    def _wait(self, wait: OpenWait) -> OpenWait:
        now = parse_address(self._now(wait.address))
        return replace(wait, address=now.text, step=now.step, visit=now.visit)

    def _timer(self, timer: Timer) -> Timer:
        return replace(timer, address=self._now(timer.address))

    def _cards(self, cards: Map[str, Card]) -> Map[str, Card]:
        for key, card in _items(cards):
            if card.address in self._addresses.renamed:
                now = self._now(card.address)
                cards = cards.set(key, replace(card, address=now, sent_as=card.sent_as or card.address))
        return cards

    def _incident(self, incident: Incident) -> Incident:
        if not incident.step:
            return incident
        now = parse_address(self._now(incident.address.text))
        return replace(incident, step=now.step, visit=now.visit)

    def _aliases(self) -> Map[str, str]:
        aliases = self._state.aliases
        for old, now in _items(aliases):
            aliases = aliases.set(old, self._now(now))
        return aliases.update(self._addresses.renamed)


def _items(items: Map[str, Any]) -> Iterable[tuple[str, Any]]:
    return list(items.items())
