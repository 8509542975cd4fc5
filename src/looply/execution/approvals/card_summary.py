"""What a list shows of a card: its subject, its facts, and the form that it has in common with other cards."""

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from itertools import chain, islice
from typing import Final

import msgspec

from looply.errors import Refused
from looply.execution.approvals.card_form import CardForm, read_shown
from looply.jsontext import Json, canonical_json

_SUBJECT_CHARACTERS: Final = 200
_FACTS: Final = 8
_FACT_CHARACTERS: Final = 200
_ESCAPES: Final = re.compile(r"\\([\\`*_\[\]()<>#~])")
_FORM_BYTES: Final = 12
_AMOUNT: Final = re.compile(r"-?\d[\d.,\s]{0,40} ?[A-Z]{3}")


class Fact(msgspec.Struct, frozen=True):
    """One line of a fact set; or an amount with its currency, which has no label."""

    label: str
    value: str


class CardSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of a card. `subject` is its first text, cut to 200 characters; `facts` are at most 8, the first
    amount that the card shows as a text of its own first.

    `form` is equal for cards that one answer fits: they have the same actions and inputs, and require no input but
    `comment`. It is empty where an answer needs more.
    """

    subject: str
    facts: tuple[Fact, ...] = ()
    form: str = ""


def summarize(card: Json) -> CardSummary:
    """Returns the summary of a card; of one with too many elements an empty one."""
    try:
        form, elements = read_shown(card)
    except Refused:
        return CardSummary(subject="")
    subject = next(filter(None, map(_text, elements)), "")
    facts = tuple(islice(chain(_first_amount(elements), _facts(elements)), _FACTS))
    return CardSummary(subject=subject, facts=facts, form=_form_key(form))


def _text(element: Mapping[str, Json]) -> str:
    if element.get("type") not in ("TextBlock", "TextRun"):
        return ""
    return _plain(element.get("text"), _SUBJECT_CHARACTERS)


def _first_amount(elements: tuple[Mapping[str, Json], ...]) -> Iterator[Fact]:
    amounts = (text for text in map(_text, elements) if _AMOUNT.fullmatch(text) is not None)
    yield from (Fact("", text) for text in islice(amounts, 1))


def _facts(elements: tuple[Mapping[str, Json], ...]) -> Iterator[Fact]:
    for element in elements:
        facts = element.get("facts")
        if element.get("type") != "FactSet" or not isinstance(facts, list):
            continue
        for fact in facts:
            if isinstance(fact, dict):
                label, value = (_plain(fact.get(name), _FACT_CHARACTERS) for name in ("title", "value"))
                if label or value:
                    yield Fact(label, value)


def _plain(text: Json, most: int) -> str:
    """Returns a text of a card on one line, without the escapes of its Markdown."""
    if not isinstance(text, str):
        return ""
    cut = text[: 4 * most]
    # Few texts have an escape, and the search for one costs more than all else here.
    plain = " ".join((_ESCAPES.sub(r"\1", cut) if "\\" in cut else cut).split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _form_key(form: CardForm) -> str:
    needed = (one for one in form.inputs.values() if one.definition.get("isRequired") is True)
    if any(one.name != "comment" for one in needed):
        return ""
    actions: list[Json] = [dict(action.data) for action in form.actions]
    inputs: list[Json] = sorted(f"{one.name}\0{one.kind}" for one in form.inputs.values())
    return blake2b(canonical_json([actions, inputs]), digest_size=_FORM_BYTES).hexdigest()
