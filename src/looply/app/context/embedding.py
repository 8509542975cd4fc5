"""Embeds the cards that a definition names."""

from typing import Any, Final

from looply.catalog.authored.cards import Cards
from looply.definition.values.pointer import join_pointer
from looply.errors import BadRequest, Conflict, NotFound, Problem, say
from looply.jsontext import encode_json

_SHOWN_CHARACTERS: Final = 40


async def embed_cards(
    cards: Cards, organization_id: str, definition: dict[str, Any]
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Returns the definition with `card` in every step that has a `card_id`, and a problem for each missing card.

    Without `card_version` it is the newest ACTIVE version. The argument is not modified.
    """
    steps = definition.get("workflow_steps")
    if not isinstance(steps, list) or not any(_names_card(step) for step in steps):
        return definition, ()
    embedded: list[Any] = []
    problems: list[Problem] = []
    for index, step in enumerate(steps):
        if not _names_card(step):
            embedded.append(step)
            continue
        settings = step["settings"]
        try:
            payload = await _card_payload(cards, organization_id, settings["card_id"], settings.get("card_version"))
        except (NotFound, Conflict, BadRequest) as error:
            path = join_pointer("", "workflow_steps", index, "settings", "card_id")
            problems.append(Problem.of(path, say("CARD_UNAVAILABLE", "{reason}", reason=error.message)))
            embedded.append(step)
        else:
            embedded.append({**step, "settings": {**settings, "card": payload}})
    return {**definition, "workflow_steps": embedded}, tuple(problems)


async def _card_payload(cards: Cards, organization_id: str, card_id: str, version: Any) -> dict[str, Any]:
    if version is None:
        return (await cards.latest_active(organization_id, card_id)).card_payload
    if isinstance(version, bool) or not isinstance(version, int):
        given = encode_json(version).decode()[:_SHOWN_CHARACTERS]
        raise BadRequest(f"card_version must be a whole number such as 1, not {given}")
    return (await cards.get(organization_id, (card_id, version))).card_payload


def _names_card(step: Any) -> bool:
    if not isinstance(step, dict) or step.get("type") not in ("adaptiveCard", "approval"):
        return False
    settings = step.get("settings")
    return isinstance(settings, dict) and isinstance(settings.get("card_id"), str) and "card" not in settings
