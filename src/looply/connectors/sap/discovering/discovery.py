"""Answers what a system offers: its services, from both catalogs of services, or one service by its `$metadata`."""

import asyncio
from collections.abc import Mapping
from typing import Final

from looply.connectors.http.bodies import read_output
from looply.connectors.port import CallContext, ConnectionValues, HttpRequest, HttpResponse
from looply.connectors.sap.calls.conversation import SapConversation
from looply.connectors.sap.calls.inputs import SapInput
from looply.connectors.sap.calls.paging import page_of
from looply.connectors.sap.calls.principals import principal_of
from looply.connectors.sap.calls.requests import Service, accept_of, service_of
from looply.connectors.sap.calls.settings import SapConnectionSettings
from looply.connectors.sap.discovering.edm import read_edm
from looply.errors import AuthFailed, OperationError, Rejected
from looply.jsontext import Json

CATALOG_2: Final = ("/sap/opu/odata/IWFND/CATALOGSERVICE;v=2", "ServiceCollection", {"$format": "json"})
CATALOG_4: Final = (
    "/sap/opu/odata4/iwfnd/config/default/iwfnd/catalog/0002",
    "ServiceGroups",
    {"$expand": "DefaultSystem($expand=Services)"},
)
MAX_SERVICES: Final = 10_000
_OWN: Final = ("Z", "Y")


async def discover(ctx: CallContext, values: ConnectionValues, question: Mapping[str, str]) -> Json:
    """Returns `services` of the system, or with `service` in the question the outline of that service.

    Raises: BadInput, AuthFailed, Rejected (codes `BAD_METADATA`, `NOT_DISCOVERED`), and as `HttpSender.send`.
    """
    settings = values.read("sap", SapConnectionSettings, "the discovery")
    if path := question.get("service", ""):
        reader = ServiceReader(ctx, values, settings, path)
        response = await reader.get("$metadata", {})
        name = reader.service.path
        if response.status != 200:
            raise _not_discovered(f"the $metadata of {name} was answered with status {response.status}", response)
        outline = await asyncio.to_thread(read_edm, response.content, name)
        return {"service": name, "version": reader.service.version, **outline}
    found: list[Json] = []
    failures: list[HttpResponse] = []
    for version, (catalog, entity, params) in (("2", CATALOG_2), ("4", CATALOG_4)):
        reader = ServiceReader(ctx, values, settings, catalog)
        response = await reader.get(entity, params)
        if response.status != 200:
            failures.append(response)
            continue
        data = (await read_output(response, ctx.limits))["data"]
        found += _services_2(data) if version == "2" else _services_4(data)
    if len(failures) == 2:
        statuses = " and ".join(str(each.status) for each in failures)
        message = f"the catalogs of services were answered with status {statuses}; name the service instead"
        raise _not_discovered(message, failures[0])
    return {"services": found[:MAX_SERVICES]}


class ServiceReader:
    """Reads one service, with the credentials of a connection. `client` is that of a call; empty: the connection's.

    Raises: BadInput for a client that is not the one of the connection.
    """

    def __init__(
        self, ctx: CallContext, values: ConnectionValues, settings: SapConnectionSettings, path: str, client: str = ""
    ) -> None:
        self.service: Service = service_of(SapInput(service_path=path, client=client or None), settings)
        principal = principal_of(values, settings, self.service.client)
        self._conversation = SapConversation(ctx, principal, self.service.places(""))

    async def get(self, entity: str, params: Mapping[str, Json]) -> HttpResponse:
        """Returns the response of a read. Raises: AuthFailed for refused credentials; as `SapConversation.send`."""
        url, accept = self.service.url(entity, params), accept_of(entity)
        outcome = await self._conversation.send(HttpRequest(method="GET", url=url, headers={"accept": accept}))
        if outcome.response.status == 401:
            raise AuthFailed("the system refused the credentials of the connection (401); test the connection")
        return outcome.response


def _services_2(data: Json) -> list[Json]:
    rows = [row for row in page_of(data).rows or [] if isinstance(row, dict)]
    found = []
    for row in rows:
        name = str(row.get("TechnicalServiceName") or row.get("ID") or "")
        url = str(row.get("ServiceUrl") or "")
        path = f"/{url.split('//', 1)[1].partition('/')[2]}" if "//" in url else url
        if path:
            found.append(_service(path, name, str(row.get("Title") or row.get("Description") or ""), "2"))
    return found


def _services_4(data: Json) -> list[Json]:
    found: list[Json] = []
    for group in page_of(data).rows or []:
        system = group.get("DefaultSystem") if isinstance(group, dict) else None
        services = system.get("Services") if isinstance(system, dict) else None
        for each in services if isinstance(services, list) else []:
            if isinstance(each, dict) and isinstance(each.get("ServiceUrl"), str):
                title = str(each.get("Description") or "")
                found.append(_service(each["ServiceUrl"], str(each.get("ServiceId") or ""), title, "4"))
    return found


def _service(path: str, name: str, title: str, version: str) -> dict[str, Json]:
    is_own = name.upper().startswith(_OWN)
    return {"path": path.rstrip("/"), "name": name, "title": title, "version": version, "is_own": is_own}


def _not_discovered(message: str, response: HttpResponse) -> OperationError:
    return Rejected(message, code="NOT_DISCOVERED", sent=True, status=str(response.status))
