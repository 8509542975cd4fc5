"""The gallery: the templates of this release, as files of the package."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

import msgspec

from looply.errors import NotFound
from looply.jsontext import Json, parse_stored

ORDER: Final = ("purchase-order", "invoice-exception", "vendor-onboarding", "leave-request", "scheduled-report")
"""The templates in the order in which the gallery shows them; each is `files/<id>.json`."""


class CardPart(msgspec.Struct, frozen=True, kw_only=True):
    """A card of a template. `card_id` is the name by which steps of the definition refer to it."""

    card_id: str
    card_name: str
    card_payload: dict[str, Any]


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A payload to try the workflow with; the first one becomes its mock payload."""

    name: str
    body: Json


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that the definition names, and the kind that it must have."""

    name: str
    kind: str


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """One template. It must not be modified: all callers share it."""

    template_id: str = msgspec.field(name="id")
    title: str
    summary: str
    definition: dict[str, Any]
    cards: tuple[CardPart, ...] = ()
    samples: tuple[Sample, ...] = ()
    needs: tuple[Need, ...] = ()


@cache
def templates() -> Mapping[str, Template]:
    """Returns the templates by id, in the order of the gallery."""
    folder = files(__package__) / "files"
    found = [
        msgspec.convert(parse_stored((folder / f"{template_id}.json").read_bytes()), Template) for template_id in ORDER
    ]
    return MappingProxyType({template.template_id: template for template in found})


def get_template(template_id: str) -> Template:
    """Returns a template. Raises: NotFound (code `TEMPLATE_NOT_FOUND`)."""
    found = templates().get(template_id)
    if found is None:
        known = ", ".join(ORDER)
        raise NotFound(f"there is no template {template_id[:50]!r}; there are {known}", code="TEMPLATE_NOT_FOUND")
    return found
