"""A card on its way to Teams, and an answer on its way back: what is changed, and nothing else.

Every action that answers becomes an `Action.Execute`, whose answer is the card of the new state, with the
`Action.Submit` as the fallback of old clients. Both have the token of the copy in `data.looply`. Texts of the card are
never expanded again, since values of strangers are among them.

Source: Adaptive Cards 1.5, universal actions; the same children as `looply.execution.approvals.card_form` are visited.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from looply.jsontext import Json

OWN: Final = "looply"
"""The member of an action's data that is ours, and a name that no input may have."""
ANSWER_VERB: Final = "looply.answer"
REFRESH_VERB: Final = "looply.refresh"
VERSION: Final = "1.5"
MOST_REFRESHED: Final = 60
"""The most people whose clients refresh a card by themselves."""

_ANSWERS: Final = frozenset({"Action.Submit", "Action.Execute"})
_CHILDREN: Final = frozenset(
    {"body", "items", "columns", "rows", "cells", "images", "inlines", "actions"}
    | {"selectAction", "inlineAction", "card", "fallback"}
)


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """What an action says of its copy: the token that lets it answer, and the revision that its reader saw."""

    token: str
    revision: int

    def data(self) -> dict[str, Json]:
        """Returns the tag as data of an action."""
        return {"t": self.token, "r": self.revision}


def for_teams(card: Json, tag: Tag, refreshed: tuple[str, ...] = ()) -> dict[str, Json]:
    """Returns a card that Teams can show and that can be answered there; the given one is not changed.

    `refreshed` are the `29:` ids of those whose clients ask for the newest state when they show the card.
    """
    given = card if isinstance(card, dict) else {}
    found = _changed(given, lambda action: _executed(action, tag))
    shown = {**found, "type": "AdaptiveCard", "version": VERSION}
    if not refreshed:
        return shown
    action = {"type": "Action.Execute", "verb": REFRESH_VERB, "data": {OWN: tag.data()}}
    return {**shown, "refresh": {"action": action, "userIds": list(refreshed[:MOST_REFRESHED])}}


def for_reading(card: Json) -> dict[str, Json]:
    """Returns a card without actions that answer and without inputs; the given one is not changed.

    Links, and what unfolds, stay.
    """
    given = card if isinstance(card, dict) else {}
    return {**_stripped(given), "type": "AdaptiveCard", "version": VERSION}


def read_tag(data: Json) -> Tag | None:
    """Returns the tag of an answer; None when it is not one of ours."""
    own = data.get(OWN) if isinstance(data, dict) else None
    if not isinstance(own, dict):
        return None
    token, revision = own.get("t"), own.get("r")
    if not isinstance(token, str) or not isinstance(revision, int) or isinstance(revision, bool):
        return None
    return Tag(token=token, revision=revision)


def read_data(data: Json, verb: str = "") -> dict[str, Json]:
    """Returns what an answer says beside its tag; `verb` is that of the action, which is data of the author's own."""
    found = {name: value for name, value in data.items() if name != OWN} if isinstance(data, dict) else {}
    if verb and not verb.startswith(f"{OWN}."):
        found.setdefault("verb", verb)
    return found


def _executed(action: Mapping[str, Json], tag: Tag) -> dict[str, Json]:
    """Returns an action as an `Action.Execute` with a fallback; data that is no object is under `value`."""
    data = action.get("data")
    static = {} if data is None else dict(data) if isinstance(data, dict) else {"value": data}
    plain = {name: value for name, value in action.items() if name not in ("type", "data", "verb", "fallback")}
    verb = action.get("verb")
    own_verb = verb if action.get("type") == "Action.Execute" and isinstance(verb, str) and verb else ""
    submitted = {**({"verb": own_verb} if own_verb else {}), **static, OWN: tag.data()}
    return {
        **plain,
        "type": "Action.Execute",
        "verb": own_verb or ANSWER_VERB,
        "data": {**static, OWN: tag.data()},
        "fallback": {**plain, "type": "Action.Submit", "data": submitted},
    }


def _changed(element: Mapping[str, Json], change: Callable[[Mapping[str, Json]], dict[str, Json]]) -> dict[str, Json]:
    """Returns an element with its actions changed; the data of actions are values, and are not visited."""

    def visit(child: Json) -> Json:
        if isinstance(child, list):
            return [visit(each) for each in child]
        return _changed(child, change) if isinstance(child, dict) else child

    if element.get("type") in _ANSWERS:
        return change(element)
    return {name: visit(value) if name in _CHILDREN else value for name, value in element.items()}


def _stripped(element: Mapping[str, Json]) -> dict[str, Json]:
    found = {}
    for name, value in element.items():
        if name == "refresh":
            continue
        if name not in _CHILDREN:
            found[name] = value
        elif isinstance(value, list):
            found[name] = [_stripped(each) if isinstance(each, dict) else each for each in value if not _answers(each)]
        elif not _answers(value):
            found[name] = _stripped(value) if isinstance(value, dict) else value
    return found


def _answers(element: Json) -> bool:
    kind = element.get("type") if isinstance(element, dict) else None
    return isinstance(kind, str) and (kind in _ANSWERS or kind.startswith("Input."))
