"""Answers to cards: validated, since only values that a card lets its reader send are recorded; and as an output."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.errors import Problem, Refused
from looply.execution.approvals.card_form import CardAction, CardForm, CardInput, read_form
from looply.execution.approvals.card_values import UNSET, InvalidValue, error_message, is_filled_in, read_value
from looply.execution.facts.state import CardAnswer
from looply.instants import rfc3339
from looply.jsontext import Json, canonical_json

_MAX_ACTIONS: Final = 20
"""The most actions with equal static data that are tried."""
_MAX_PROBLEMS: Final = 20
_SHOWN_ACTIONS: Final = 3
_SHOWN_CHARACTERS: Final = 100


def validate_answer(card: Json, data: Mapping[str, Json]) -> dict[str, Json] | tuple[Problem, ...]:
    """Returns the answer as it is recorded, or the problems for which it is refused.

    `data` is sent by a renderer: the static data of the action that was pressed, and the value of each input by its id,
    as a text. The result has the card's own static data, and its inputs have their types: `Input.Number` is a number,
    `Input.Toggle` its `valueOn` or `valueOff`, all others are texts. Empty inputs are omitted, unless they are texts.
    Paths of problems lead into the body of the call (`/data/comment`).
    """
    try:
        form = read_form(card)
    except Refused as error:
        return (Problem(path="/data", message=error.message),)
    texts = {name: canonical_json(value) for name, value in data.items()}
    first: tuple[Problem, ...] = ()
    for action in _actions_of(form, texts)[:_MAX_ACTIONS]:
        answer, problems = _read(form, action, data, texts)
        if not problems:
            return answer
        first = first or tuple(problems[:_MAX_PROBLEMS])
    return first or (Problem(path="/data", message=_no_action(form)),)


def card_output(answers: Sequence[CardAnswer], recipients: Sequence[str], source: str) -> Json:
    """Returns the output of a card that was answered; `response` is the last answer."""
    shown = [{"user": answer.user, "data": answer.data, "answered_on": rfc3339(answer.on)} for answer in answers]
    last = {name: shown[-1][name] for name in ("user", "data")} if shown else None
    return {"response": last, "responses": shown, "recipients": list(recipients), "source": source}


def _actions_of(form: CardForm, data: Mapping[str, bytes]) -> Sequence[CardAction]:
    """Returns the actions that may have been pressed: of those whose static data are complete, the ones with the most.

    An action of which the answer lacks some static data counts only when no other action matches.
    """
    fitting = [action for action in form.actions if _matches(form, action, data)]
    whole = [action for action in fitting if all(name in data or name in form.inputs for name in action.data)]
    if whole:
        most = max(len(action.data) for action in whole)
        return [action for action in whole if len(action.data) == most]
    if len(form.actions) == 1:
        return fitting
    partly = [action for action in fitting if not action.data.keys().isdisjoint(data)]
    return partly if len(partly) == 1 else ()


def _matches(form: CardForm, action: CardAction, data: Mapping[str, bytes]) -> bool:
    return all(
        name not in data or name in form.inputs or data[name] == canonical_json(value)
        for name, value in action.data.items()
    )


def _no_action(form: CardForm) -> str:
    shown = [canonical_json(dict(action.data)).decode() for action in form.actions[:_SHOWN_ACTIONS]]
    texts = [text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…" for text in shown]
    more = ", …" if len(form.actions) > len(shown) else ""
    return f"the answer has the data of none of the card's actions: {', '.join(texts)}{more}"


def _read(
    form: CardForm, action: CardAction, data: Mapping[str, Json], texts: Mapping[str, bytes]
) -> tuple[dict[str, Json], list[Problem]]:
    answer = dict(action.data)
    problems: list[Problem] = []
    for name, value in data.items():
        one = form.inputs.get(name)
        if name in action.data and texts[name] == canonical_json(action.data[name]):
            continue
        if one is None:
            problems.append(_problem(name, "is neither an input of the card nor data of its action"))
            continue
        try:
            read = read_value(one, value)
        except InvalidValue as error:
            problems.append(_problem(name, str(error)))
            continue
        if read is not UNSET:
            answer[name] = read
    problems += [_problem(one.name, _missing(one)) for one in form.inputs.values() if _is_missing(action, one, answer)]
    return answer, problems


def _is_missing(action: CardAction, one: CardInput, answer: Mapping[str, Json]) -> bool:
    return one.definition.get("isRequired") is True and action.needs(one) and not is_filled_in(one, answer)


def _missing(one: CardInput) -> str:
    return error_message(one.definition) or "must be filled in"


def _problem(name: str, message: str) -> Problem:
    return Problem(path=f"/data/{name.replace('~', '~0').replace('/', '~1')}", message=message)
