"""A card as plain text, for mail programs that show no HTML, and for those that judge mails by it."""

from collections.abc import Iterator, Mapping
from typing import Final

from looply.connectors.email.cards.markup import plain, safe_link, with_instants
from looply.connectors.email.settings import Language
from looply.jsontext import Json

_LEVELS: Final = 40
_LISTS: Final = ("body", "items", "columns", "rows", "cells")


def text_of(card: Json, language: Language) -> str:
    """Returns the texts of a card in the order of reading, one on each line; without inputs and without buttons."""
    lines = _lines(card, _LEVELS) if isinstance(card, dict) else iter(())
    return "\n".join(with_instants(plain(each), language) for each in lines if each)


def _lines(element: Mapping[str, Json], levels: int) -> Iterator[str]:
    if element.get("isVisible") is False or levels <= 0:
        return
    match element.get("type"):
        case "TextBlock":
            yield _text(element.get("text"))
        case "RichTextBlock":
            yield "".join(_run(each) for each in _listed(element.get("inlines")))
        case "FactSet":
            for fact in _objects(element.get("facts")):
                yield f"{_text(fact.get('title'))}: {_text(fact.get('value'))}"
        case "Image":
            yield _text(element.get("altText"))
        case _:
            for name in _LISTS:
                for child in _objects(element.get(name)):
                    yield from _lines(child, levels - 1)
    for action in _objects(element.get("actions")):
        if action.get("type") == "Action.OpenUrl" and (url := safe_link(action.get("url"))):
            yield f"{_text(action.get('title'))}: {url}"


def _run(run: Json) -> str:
    return run if isinstance(run, str) else _text(run.get("text")) if isinstance(run, dict) else ""


def _objects(value: Json) -> Iterator[Mapping[str, Json]]:
    return (each for each in _listed(value) if isinstance(each, dict))


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
