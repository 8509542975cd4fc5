"""The search over everything, and the gallery of templates."""

from typing import Final
from urllib.parse import quote

import msgspec

from looply.app.browsing.searching import Found, FoundKind, search_all
from looply.app.templates.gallery import Template, templates
from looply.jsontext import Json
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS


class FoundItem(msgspec.Struct, frozen=True, kw_only=True):
    """One object. `detail` distinguishes it from others with the same title; `url` is its page in the web app."""

    kind: FoundKind
    id: str
    title: str
    detail: str
    url: str


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """At most five objects of each kind, exact matches first."""

    message: str
    count: int
    items: list[FoundItem]


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


async def search(call: Call) -> Response:
    """Searches everything that the caller may read."""
    found = await search_all(call.services, call.principal, call.query.get("term"))
    items = [
        FoundItem(kind=each.kind, id=each.object_id, title=each.title, detail=each.detail, url=_url(each))
        for each in found
    ]
    return Response(SearchAnswer(message=SUCCESS, count=len(items), items=items))


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


def _url(found: Found) -> str:
    """Returns the path of an object's page in the web app."""
    name = quote(found.object_id, safe="")
    match found.kind:
        case "workflow":
            return f"/app/workflows/{name}"
        case "card":
            return f"/app/cards/{name}/v/{found.version}"
        case "execution":
            return f"/app/executions/{name}"
        case "datastore":
            return f"/app/data/datastores/{name}"
        case "connection":
            return f"/app/data/connections/{name}"


ROUTES: Final = (
    read_route(
        path="/v2/workflows/searchAll",
        access="read.definitions",
        handle=search,
        summary="Search workflows, cards, executions, datastores and connections",
        description=(
            "At most five of each kind, and only kinds that the caller may read. Names are found by a part of them, "
            "executions by execution id, process id, current step and values of search fields, as `getExecutionRows` "
            "finds them by `term`; by values of search fields only with the permission `read.payloads`."
        ),
        parameters=(Parameter("term", "What to search for, up to 200 characters.", is_required=True),),
        answer=SearchAnswer,
        refusals=(422,),
    ),
    read_route(
        path="/v2/workflows/getTemplates",
        access="read.definitions",
        handle=get_templates,
        summary="List the templates from which `createWorkflow` makes workflows",
        answer=TemplatesAnswer,
    ),
)
