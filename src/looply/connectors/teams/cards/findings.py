"""What of a card Teams does not show, or shows otherwise: found when the card is saved."""

from collections.abc import Iterator
from typing import Final

from looply.connectors.teams.calls.messages import card_message, is_too_large
from looply.connectors.teams.cards.outgoing import OWN, Tag, for_teams
from looply.definition.values.pointer import join_pointer
from looply.errors import Problem, say
from looply.jsontext import Json

_MOST: Final = 20
_SAMPLE: Final = Tag(token="t" * 200, revision=1)
"""As long as a real one."""


def find_unfit(card: Json) -> tuple[Problem, ...]:
    """Returns what Teams does not show of a card, at most 20 findings, by JSON Pointer into the card.

    Values with expressions (`${...}`) are not judged: they are known when the card is sent.
    """
    found = []
    for problem in _find(card, ""):
        found.append(problem)
        if len(found) == _MOST:
            return tuple(found)
    if is_too_large(card_message(for_teams(card, _SAMPLE), "", alerts=True)):
        hint = say("SHOW_LESS", "show less, or link to a page; a card that is too large is sent as a link to the inbox")
        found.append(Problem.of("", say("TEAMS_CARD_TOO_LARGE", "the card is larger than Teams takes (80 KB)"), hint))
    return tuple(found)


def _find(element: Json, path: str) -> Iterator[Problem]:
    if isinstance(element, list):
        for index, each in enumerate(element):
            yield from _find(each, join_pointer(path, index))
    elif isinstance(element, dict):
        yield from _find_in(element, path)
        for name, value in element.items():
            if name != "data":  # values, not elements
                yield from _find(value, join_pointer(path, name))


def _find_in(element: dict[str, Json], path: str) -> Iterator[Problem]:
    kind = element.get("type")
    if not isinstance(kind, str):
        return
    if kind.startswith("Input."):
        name = element.get("id")
        if not isinstance(name, str) or not name:
            yield Problem.of(
                path,
                say("INPUT_NEEDS_ID", "an {kind} without an `id` is never sent", kind=kind),
                say("GIVE_ID", "give it an `id`"),
            )
        elif name == OWN:
            taken = say("INPUT_ID_TAKEN", "`{id}` is taken", id=OWN)
            yield Problem.of(join_pointer(path, "id"), taken, say("GIVE_OTHER_ID", "give it another `id`"))
    if kind == "Action.Http":
        hint = say("USE_SUBMIT", "use Action.Submit, and a step that calls the address")
        yield Problem.of(path, say("TEAMS_NO_ACTION_HTTP", "Teams has no Action.Http"), hint)
    teams = element["data"].get("msteams") if isinstance(element.get("data"), dict) else None
    if kind == "Action.Submit" and isinstance(teams, dict) and teams.get("type") in ("imBack", "task/fetch", "invoke"):
        wording = "an action of `msteams` of type {type} does not answer the card"
        message = say("TEAMS_ACTION_NO_ANSWER", wording, type=teams["type"])
        yield Problem.of(join_pointer(path, "data", "msteams"), message, say("OMIT_MSTEAMS", "leave `msteams` out"))
    url = element.get("url")
    if kind == "Image" and isinstance(url, str) and url.lower().startswith("http:"):
        message = say("TEAMS_IMAGE_NEEDS_HTTPS", "Teams shows images of https addresses only")
        hint = say("NAME_HTTPS", "name an address that begins with https:")
        yield Problem.of(join_pointer(path, "url"), message, hint)
