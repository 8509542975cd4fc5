"""The data document that the expressions of settings and cards read, assembled on demand from the state."""

from collections.abc import Iterator, Mapping
from typing import Final

from looply.definition import EACH, AdaptiveCardSettings, ApprovalSettings, ForEachSettings, Workflow
from looply.execution.document.overlays import (
    visible_error,
    visible_frames,
    visible_item,
    visible_output,
    visible_payload,
)
from looply.execution.facts.address import card_token, parse_address, wait_token
from looply.execution.facts.scopes import scope_of, scopes_around
from looply.execution.facts.state import ExecutionState, cards_of, is_answered
from looply.execution.facts.values.card_copy import is_group
from looply.jsontext import Json

_INBOX: Final = "/inbox/"
"""The page of a card; the public pages and `looply.app.context.links` have the same."""


class Document(Mapping[str, Json]):
    """The data document of one execution: `payload`, `environment`, `waits`, `error` and one entry per visited step.

    `scope` is the scope of the reader: an iteration sees its own outputs before the enclosing ones, and `item` and
    `index`. Entries are made on access; their values are those of the state, never copies.
    """

    __slots__ = ("_scope", "_state", "_waits", "_workflow")

    def __init__(self, workflow: Workflow, state: ExecutionState, scope: str = "") -> None:
        self._workflow = workflow
        self._state = state
        self._scope = scope
        self._waits: dict[str, str] | None = None

    def __getitem__(self, name: str) -> Json:
        """Returns an entry. Raises: KeyError."""
        if name == "payload":
            start = self._workflow.steps[self._workflow.start]
            return {"description": start.description, "output": visible_payload(self._state, self._scope)}
        has_output, output = visible_output(self._state, self._scope, name)
        links = self._links_of(name) if self._state.waits else []
        if has_output or links:
            step = self._workflow.steps.get(name)
            entry = {"description": step.description if step else "", "output": output}
            return {**entry, "links": links} if links else entry
        if name == "environment":
            return self._state.started.environment or {}
        if name == "waits":
            # Tokens are hashes: they are computed once, however often a loop reads them.
            if self._waits is None:
                self._waits = wait_tokens(self._workflow, self._state, self._scope)
            return self._waits
        if name == self._workflow.start:
            return None
        if name == "error" and (error := visible_error(self._state, self._scope)) is not None:
            return error
        if name in ("item", "index") and (found := visible_item(self._state, self._scope)) is not None:
            return found[name == "index"]
        raise KeyError(name)

    def _links_of(self, name: str) -> list[Json]:
        """Returns the links of the cards of a step that wait for answers, also while another branch waits for them."""
        step = self._workflow.steps.get(name)
        if step is None or not isinstance(step.settings, AdaptiveCardSettings | ApprovalSettings):
            return []
        owner = scope_of_step(self._workflow, self._state, self._scope, name)
        following = self._state.next_visit(owner, name) if owner is not None else None
        return [] if following is None else card_links(self._state, following._replace(visit=following.visit - 1).text)

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names in their documented order."""
        yield "payload"
        yield self._workflow.start
        yield "environment"
        yield "waits"
        if visible_error(self._state, self._scope) is not None:
            yield "error"
        if visible_item(self._state, self._scope) is not None:
            yield from ("item", "index")
        own = visible_frames(self._state, self._scope)
        for name in self._workflow.steps:
            if name in self._state.outputs or any(name in frame.outputs for frame in own):
                yield name

    def __len__(self) -> int:
        """Counts the names."""
        return sum(1 for _ in self)


def card_links(state: ExecutionState, address: str) -> list[Json]:
    """Returns the links of the cards of a visit that wait for the answer of a person: {`recipient`, `path`, `token`}.

    `path` is that of the inbox page, below the address of the server. A card of several people has no link.
    """
    if address not in state.waits:
        return []
    execution_id, seed = state.started.execution_id, state.started.seed
    links: list[Json] = []
    for card in cards_of(state, address):
        if card.status == "OPEN" and not is_group(card.recipient) and not is_answered(state, card):
            token = card_token(execution_id, seed, parse_address(card.sent_as or card.address), card.part)
            links.append({"recipient": card.recipient, "path": f"{_INBOX}{token}", "token": token})
    return links


def wait_tokens(workflow: Workflow, state: ExecutionState, scope: str = "") -> dict[str, str]:
    """Returns for each step that waits the token of its open visit, else of its next one.

    These are the steps of the scope and of the enclosing ones; a wait of another branch would be ambiguous.
    """
    started = state.started
    region = region_of(state, scope)
    tokens = {}
    for name in workflow.waiting_steps:
        own = workflow.region(name)
        owner = scope_of_step(workflow, state, scope, name) if own == region[: len(own)] else None
        if owner is None:
            continue
        address = state.next_visit(owner, name)
        current = address._replace(visit=address.visit - 1)
        if current.text in state.waits:
            address = current
        tokens[name] = wait_token(started.execution_id, started.seed, address)
    return tokens


def scope_of_step(workflow: Workflow, state: ExecutionState, scope: str, step: str) -> str | None:
    """Returns the scope of a step, as seen from a scope: an enclosing one, itself, or a branch below or beside it.

    None for a step of a `forEach` body that does not enclose the scope: it runs once per item.
    """
    scopes = ["", *reversed(list(scopes_around(state.frames, scope)))]
    here, there = region_of(state, scope), workflow.region(step)
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    found = scopes[shared]
    for name, exit_ in there[shared:]:
        if isinstance(workflow.steps[name].settings, ForEachSettings):
            return None
        found = scope_of(found, name, exit_)
    return found


def region_of(state: ExecutionState, scope: str) -> tuple[tuple[str, str], ...]:
    """Returns the region of a scope: its branches and bodies, outermost first."""
    frames = [state.frames[name] for name in scopes_around(state.frames, scope)]
    found = [(state.regions[frame.parent].step, EACH if frame.is_iteration else frame.name) for frame in frames]
    return tuple(reversed(found))
