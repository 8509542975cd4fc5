"""The gallery of templates."""

from typing import Final

import msgspec

from looply.app.templates.gallery import Template, templates
from looply.jsontext import Json
from looply.server.http.call import Call, Response, read_route
from looply.server.http.wire import SUCCESS


class TemplateCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card of a template. Steps of the definition name it by `card_id`, which creation replaces by its new id."""

    card_id: str
    card_name: str
    card_payload: dict[str, Json]


class TemplateSample(msgspec.Struct, frozen=True, kw_only=True):
    """A payload to try the workflow with."""

    name: str
    body: Json


class TemplateNeed(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that the definition names, and the kind that it must have."""

    name: str
    kind: str


class TemplateItem(msgspec.Struct, frozen=True, kw_only=True):
    """A template: a tested definition with its cards, samples and the connections that it needs."""

    id: str
    title: str
    summary: str
    definition: dict[str, Json]
    cards: list[TemplateCard]
    samples: list[TemplateSample]
    needs: list[TemplateNeed]


class TemplatesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The templates of this release."""

    message: str
    count: int
    items: list[TemplateItem]


async def get_templates(call: Call) -> Response:  # noqa: ARG001 - the templates are the same for everyone
    """Lists the templates."""
    items = [_template(template) for template in templates().values()]
    return Response(TemplatesAnswer(message=SUCCESS, count=len(items), items=items))


def _template(template: Template) -> TemplateItem:
    return TemplateItem(
        id=template.template_id,
        title=template.title,
        summary=template.summary,
        definition=template.definition,
        cards=[
            TemplateCard(card_id=card.card_id, card_name=card.card_name, card_payload=card.card_payload)
            for card in template.cards
        ],
        samples=[TemplateSample(name=sample.name, body=sample.body) for sample in template.samples],
        needs=[TemplateNeed(name=need.name, kind=need.kind) for need in template.needs],
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getTemplates",
        access="read.definitions",
        handle=get_templates,
        summary="List the templates from which `createWorkflow` makes workflows",
        answer=TemplatesAnswer,
    ),
)
