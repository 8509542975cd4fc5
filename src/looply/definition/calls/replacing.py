"""The names of cards and connections in a definition, replaced by others. Arguments are never modified."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from looply.jsontext import Json

Settings: TypeAlias = dict[str, Any]


def with_card_ids(definition: dict[str, Any], card_ids: Mapping[str, str]) -> dict[str, Any]:
    """Returns the definition with the `card_id` of its steps replaced; ids that are not in `card_ids` stay."""
    return _with_settings(definition, lambda settings: _replace(settings, "card_id", card_ids))


def with_connections(definition: dict[str, Any], connections: Mapping[str, str]) -> dict[str, Any]:
    """Returns the definition with the `connection` of its steps replaced; others stay."""
    return _with_settings(definition, lambda settings: _replace(settings, "connection", connections))


def with_cards(definition: dict[str, Any], cards: Mapping[str, Json]) -> dict[str, Any]:
    """Returns the definition with the cards themselves in the steps that name one of `cards`."""

    def embed(settings: Settings) -> Settings:
        found = settings.get("card_id")
        if not isinstance(found, str) or found not in cards:
            return settings
        rest = {name: value for name, value in settings.items() if name not in ("card_id", "card_version")}
        return {**rest, "card": cards[found]}

    return _with_settings(definition, embed)


def _replace(settings: Settings, field: str, names: Mapping[str, str]) -> Settings:
    found = settings.get(field)
    return {**settings, field: names[found]} if isinstance(found, str) and found in names else settings


def _with_settings(definition: dict[str, Any], change: Callable[[Settings], Settings]) -> dict[str, Any]:
    steps = definition.get("workflow_steps")
    if not isinstance(steps, list):
        return definition
    return {**definition, "workflow_steps": [_with_changed(step, change) for step in steps]}


def _with_changed(step: Json, change: Callable[[Settings], Settings]) -> Json:
    settings = step.get("settings") if isinstance(step, dict) else None
    return {**step, "settings": change(settings)} if isinstance(settings, dict) else step
