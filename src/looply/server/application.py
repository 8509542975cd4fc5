"""Assembles the server's routes: the ASGI application that serves them, and their OpenAPI document."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from looply.app.context.metrics import Meter
from looply.app.context.services import Services
from looply.clock import Clock, Entropy
from looply.limits import REFUSALS_PER_MINUTE
from looply.server.administration import (
    audit,
    health,
    keys,
    metrics,
    notifications,
    permissions,
    teams,
    teams_installations,
)
from looply.server.administration.web_pages import Pages
from looply.server.authoring import (
    cards,
    connections,
    datastores,
    expression_editing,
    expressions,
    fires,
    new_workflows,
    profiles,
    schedules,
    workflows,
)
from looply.server.browsing import card_list, comparing, searching, templates, workflow_list
from looply.server.callers.client_addresses import ClientAddresses
from looply.server.description.openapi import describe
from looply.server.executions import (
    blobs,
    bulks,
    decisions,
    executions,
    letters,
    receivers,
    repairs,
    search,
    sent_cards,
    targets,
    trigger,
    watching,
)
from looply.server.http.access_log import AccessLog
from looply.server.http.boundary import Boundary, Observers
from looply.server.http.call import Access, Call, Response, Route, public_route
from looply.server.http.dispatch import Dispatch
from looply.server.http.events import DEFAULT_INTERVALS, StreamIntervals
from looply.server.inbox import absence as own_absence
from looply.server.inbox import cards as own_cards
from looply.server.inbox import records as own_records
from looply.server.monitoring import explaining, figures, fire_calendar, heads, moments, rows
from looply.server.people import account, members, organizations, provider_sign_in, session, views
from looply.server.studio import (
    activation,
    canvases,
    connector_kinds,
    data_trees,
    presence,
    renaming,
    samples,
    step_tries,
    step_types,
)
from looply.settings import Settings

_ALSO_UNDER_V1: Final = frozenset(
    {
        "toggleScheduledWorkflow",
        "getWorkflowExecutionById",
        "getWorkflowExecutionHistory",
        "getOrganizationExecutions",
        "getWorkflowById",
        "getOrganizationWorkflows",
        "getWorkflowSchemaById",
    }
)
"""Calls that `/v1/` serves unchanged. Trigger and resume have a separate older form."""

_CURRENT_ROUTES: Final[tuple[Route, ...]] = (
    *trigger.ROUTES,
    *executions.ROUTES,
    *search.ROUTES,
    *watching.ROUTES,
    *rows.ROUTES,
    *figures.ROUTES,
    *heads.ROUTES,
    *explaining.ROUTES,
    *moments.ROUTES,
    *repairs.ROUTES,
    *bulks.ROUTES,
    *blobs.ROUTES,
    *letters.ROUTES,
    *targets.ROUTES,
    *schedules.ROUTES,
    *fires.ROUTES,
    *fire_calendar.ROUTES,
    *workflows.ROUTES,
    *new_workflows.ROUTES,
    *workflow_list.ROUTES,
    *cards.ROUTES,
    *card_list.ROUTES,
    *comparing.ROUTES,
    *searching.ROUTES,
    *templates.ROUTES,
    *expressions.ROUTES,
    *expression_editing.ROUTES,
    *step_types.ROUTES,
    *connector_kinds.ROUTES,
    *data_trees.ROUTES,
    *step_tries.ROUTES,
    *samples.ROUTES,
    *canvases.ROUTES,
    *presence.ROUTES,
    *renaming.ROUTES,
    *activation.ROUTES,
    *sent_cards.ROUTES,
    *receivers.ROUTES,
    *decisions.ROUTES,
    *own_cards.ROUTES,
    *own_records.ROUTES,
    *own_absence.ROUTES,
    *profiles.ROUTES,
    *connections.ROUTES,
    *datastores.ROUTES,
    *keys.ROUTES,
    *permissions.ROUTES,
    *notifications.ROUTES,
    *teams.ROUTES,
    *teams_installations.ROUTES,
    *session.ROUTES,
    *provider_sign_in.ROUTES,
    *account.ROUTES,
    *views.ROUTES,
    *members.ROUTES,
    *organizations.ROUTES,
    *audit.ROUTES,
    *health.ROUTES,
    *metrics.ROUTES,
)

API_ROUTES: Final[tuple[Route, ...]] = (
    *_CURRENT_ROUTES,
    *(
        replace(route, path=route.path.replace("/v2/", "/v1/", 1))
        for route in _CURRENT_ROUTES
        if route.name in _ALSO_UNDER_V1
    ),
)
"""Every route of the API."""


def all_routes(pages: Pages | None = None) -> tuple[Route, ...]:
    """Returns every route of the server: the API, its OpenAPI document, and the pages."""
    return (*API_ROUTES, _description_route(), *(pages or Pages()).routes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """How the server treats incoming calls: `addresses` finds their addresses, `access_log` logs them.

    `refusals_per_minute` limits refused credentials by address.
    """

    addresses: ClientAddresses = field(default_factory=ClientAddresses)
    refusals_per_minute: int = REFUSALS_PER_MINUTE
    access_log: AccessLog | None = None


def ingress_of(settings: Settings, clock: Clock) -> Ingress:
    """Returns the ingress that the settings of a process describe."""
    addresses = ClientAddresses(settings.trusted_proxies)
    return Ingress(
        addresses=addresses,
        refusals_per_minute=settings.refusals_per_minute,
        access_log=AccessLog(clock, addresses) if settings.access_log else None,
    )


def build_app(
    services: Services,
    entropy: Entropy,
    pages: Pages | None = None,
    *,
    ingress: Ingress | None = None,
    intervals: StreamIntervals = DEFAULT_INTERVALS,
    dispatch_type: type[Dispatch] = Dispatch,
) -> Boundary:
    """Returns the ASGI application of all routes. The attribute `routes` of the result is its table of routes.

    Without `ingress` the server trusts no proxy and logs no request. `intervals` are those of event streams;
    `dispatch_type` performs the routes.
    """
    routes = all_routes(pages)
    ingress = ingress or Ingress()
    dispatch = dispatch_type(services, ingress.addresses, ingress.refusals_per_minute)
    meter = Meter(services.clock, services.metrics)
    return Boundary(
        routes,
        dispatch,
        entropy,
        observers=Observers(meter, ingress.access_log),
        intervals=intervals,
    )


def build_monitoring(services: Services, entropy: Entropy) -> Boundary:
    """Returns the ASGI application of a listener that serves health and metrics and nothing else.

    Without a metrics token every caller that reaches the listener can read the metrics.
    """
    access: Access = "metrics" if services.metrics_token is not None else "public"
    routes = [*health.ROUTES, *(replace(route, access=access) for route in metrics.ROUTES)]
    return Boundary(routes, Dispatch(services), entropy)


def _description_route() -> Route:
    document: list[dict[str, Any]] = []

    async def get_description(call: Call) -> Response:  # noqa: ARG001
        if not document:
            document.append(describe(all_routes()))
        return Response(document[0])

    return public_route(
        method="GET",
        path="/openapi.json",
        handle=get_description,
        summary="Read this API description (OpenAPI 3.1)",
        tag="Pages",
    )
