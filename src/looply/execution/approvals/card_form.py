"""The form of an Adaptive Card: its answering actions and its inputs, read from the card itself.

Source: Adaptive Cards 1.5 and the `adaptivecards` renderer: `associatedInputs`, `Action.ShowCard`, `isVisible`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from looply.errors import Refused
from looply.jsontext import Json

MAX_ELEMENTS: Final = 10_000
"""The most elements and actions of one card that are read, which bounds the cost of an answer."""

_ANSWERS: Final = frozenset({"Action.Submit", "Action.Execute"})
_CHILDREN: Final = (
    *("body", "items", "columns", "rows", "cells", "images", "inlines", "actions"),
    *("selectAction", "inlineAction", "card", "fallback"),
)
_IMPLIED_CHARACTERS: Final = 4000


class CardInput(msgspec.Struct, frozen=True, kw_only=True):
    """One input. `definition` is its object in the card; `cards` are the ShowCards around it, outermost first.

    `may_be_unseen`: it, or an element around it, is hidden or a fallback, so that its reader may never have seen it.
    """

    name: str
    kind: str
    definition: Mapping[str, Json]
    cards: tuple[int, ...] = ()
    may_be_unseen: bool = False


class CardAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action that sends an answer: its static data, the ShowCards around it, and whether inputs belong to it."""

    data: Mapping[str, Json]
    cards: tuple[int, ...] = ()
    has_inputs: bool = True

    def needs(self, one: CardInput) -> bool:
        """Returns whether the action checks that the input is filled in: it lies in its own card or one around that."""
        return self.has_inputs and not one.may_be_unseen and one.cards == self.cards[: len(one.cards)]


class CardForm(msgspec.Struct, frozen=True, kw_only=True):
    """The answering actions of a card in their order, and its inputs by their ids."""

    actions: tuple[CardAction, ...]
    inputs: Mapping[str, CardInput]


class _Node(msgspec.Struct, frozen=True):
    element: Mapping[str, Json]
    cards: tuple[int, ...]
    may_be_unseen: bool


def read_form(card: Json) -> CardForm:
    """Returns the form of a card.

    A card without an answering action is rendered by clients that have buttons of their own: it takes an `action` and
    a `comment`, both texts, beside its inputs.
    Raises: Refused when it has more than `MAX_ELEMENTS` elements.
    """
    return _form_of(_nodes(card))


def read_shown(card: Json) -> tuple[CardForm, tuple[Mapping[str, Json], ...]]:
    """Returns the form of a card, and the elements and actions that its reader sees, in the order of reading.

    Raises: as `read_form`.
    """
    nodes = tuple(_nodes(card))
    shown = tuple(node.element for node in nodes if not node.may_be_unseen and not node.cards)
    return _form_of(nodes), shown


def _form_of(nodes: Iterable[_Node]) -> CardForm:
    actions: list[CardAction] = []
    inputs: dict[str, CardInput] = {}
    for node in nodes:
        kind, name = node.element.get("type"), node.element.get("id")
        if kind in _ANSWERS:
            actions.append(_action(node))
        elif isinstance(kind, str) and kind.startswith("Input.") and isinstance(name, str):
            inputs.setdefault(
                name,
                CardInput(
                    name=name,
                    kind=kind,
                    definition=node.element,
                    cards=node.cards,
                    may_be_unseen=node.may_be_unseen,
                ),
            )
    if actions:
        return CardForm(actions=tuple(actions), inputs=inputs)
    return CardForm(actions=(CardAction(data={}),), inputs={**_IMPLIED, **inputs})


_IMPLIED: Final = {
    name: CardInput(name=name, kind="Input.Text", definition={"maxLength": _IMPLIED_CHARACTERS})
    for name in ("action", "comment")
}


def _action(node: _Node) -> CardAction:
    element = node.element
    data = element.get("data")
    static = {} if data is None else dict(data) if isinstance(data, dict) else {"value": data}
    verb = element.get("verb")
    if element.get("type") == "Action.Execute" and isinstance(verb, str) and verb:
        static.setdefault("verb", verb)
    associated = element.get("associatedInputs")
    has_inputs = not (isinstance(associated, str) and associated.casefold() == "none")
    return CardAction(data=static, cards=node.cards, has_inputs=has_inputs)


def _nodes(card: Json) -> Iterator[_Node]:
    """Yields the elements and actions of a card in the order of reading, without the data of actions."""
    count = 0
    pending = [_Node(card, (), may_be_unseen=False)] if isinstance(card, dict) else []
    while pending:
        node = pending.pop()
        count += 1
        if count > MAX_ELEMENTS:
            raise Refused(f"the card has more than {MAX_ELEMENTS} elements; show less, or ask in several cards")
        yield node
        pending.extend(reversed(_inside(node, count)))


def _inside(node: _Node, number: int) -> list[_Node]:
    found = []
    element = node.element
    for name in _CHILDREN:
        if (child := element.get(name)) is None:
            continue
        cards = (*node.cards, number) if name == "card" else node.cards
        for one in child if isinstance(child, list) else (child,):
            if isinstance(one, dict):
                is_unseen = node.may_be_unseen or name == "fallback" or one.get("isVisible") is False
                found.append(_Node(one, cards, is_unseen))
    return found
