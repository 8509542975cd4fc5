"""The requests of one call of an OData service, without credentials and session."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote

import httpx2

from looply.connectors.blobs import Blob
from looply.connectors.http.bodies import NO_BLOBS, encode_body
from looply.connectors.http.headers import check_headers, tracing_headers
from looply.connectors.http.redirects import READS
from looply.connectors.outbound.urls import join_url, origin, parse_base_url, resolve_redirect, with_params
from looply.connectors.port import CallContext, HttpRequest
from looply.connectors.sap.calls.inputs import SapInput
from looply.connectors.sap.calls.paths import entity_path, entity_set, service_path
from looply.connectors.sap.calls.principals import RESERVED
from looply.connectors.sap.calls.protocol import token_places
from looply.connectors.sap.calls.settings import SapConnectionSettings, client_text
from looply.connectors.sap.types.writing import IEEE754_TYPE, Written
from looply.errors import BadInput, tag_input_fields
from looply.jsontext import Json

ODataVersion: TypeAlias = Literal["2", "4"]

_JSON: Final = "application/json"
_PLAIN: Final = re.compile(r"/\$(?:count|value)$")
_VERSION_HEADERS: Final[Mapping[ODataVersion, Mapping[str, str]]] = {
    "2": {"maxdataserviceversion": "2.0"},
    "4": {"odata-maxversion": "4.01"},
}
_COMPUTED: Final = frozenset({"$apply", "$compute"})
"""The parameters of what the metadata does not declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One OData service of a system, as one client sees it."""

    base: httpx2.URL
    path: str
    version: ODataVersion
    system: Mapping[str, str]
    """The parameters that name the client and the language."""
    csrf_at: str = ""
    is_typed: bool = True
    """Whether the values of answers get the types of the metadata."""

    @property
    def client(self) -> str:
        """The client that calls are for; empty for the system's default."""
        return self.system.get("sap-client", "")

    def url(self, entity: str, params: Mapping[str, Json]) -> httpx2.URL:
        """Returns the URL of a resource. Raises: BadInput."""
        with tag_input_fields("entity"):
            path = f"{self.path}/{entity_path(entity)}"
        with tag_input_fields("params"):
            return with_params(join_url(self.base, path), {**params, **self.system})

    def relative(self, entity: str, params: Mapping[str, Json]) -> str:
        """Returns the URL of a resource relative to the service, for the parts of a batch. Raises: BadInput."""
        with tag_input_fields("batch"):
            url = with_params(join_url(self.base, f"{self.path}/{entity_path(entity)}"), params)
        return url.raw_path.decode("ascii").removeprefix(self._root)

    def path_of(self, url: httpx2.URL | str) -> str:
        """Returns what a URL of the service, or one relative to it, leads to: `A_PurchaseOrder('1')/to_Item`."""
        path = url if isinstance(url, str) else url.raw_path.decode("ascii").removeprefix(self._root)
        return unquote(path.partition("?")[0])

    def accept(self, entity: str, params: Iterable[str]) -> str:
        """Returns the types of content that a request asks for, by what it leads to and the names of its parameters.

        Decimals of version 4 are asked for as texts, which no reader on the way can round, but for what is computed:
        its type is not known.
        """
        accept = accept_of(entity)
        is_exact = self.is_typed and self.version == "4" and _COMPUTED.isdisjoint(params)
        if not is_exact or not accept.startswith(_JSON):
            return accept
        return f"{IEEE754_TYPE}, {accept.replace(_JSON, f'{_JSON};q=0.9', 1)}"

    def next_url(self, link: str, base: httpx2.URL) -> httpx2.URL:
        """Returns the URL of a next page. Raises: BadInput for a link that leads out of the service."""
        target = resolve_redirect(base, link.replace(" ", "%20"))
        path = target.raw_path.decode("ascii").partition("?")[0]
        if origin(target) != origin(self.base) or not path.startswith(self._root):
            raise BadInput("the link of the next page leads out of its service")
        known = {name for name, _ in target.params.multi_items()}
        return with_params(target, {name: value for name, value in self.system.items() if name not in known})

    def places(self, entity: str) -> tuple[HttpRequest, ...]:
        """Returns the reads that may return a CSRF token."""
        query = with_params(self.base, self.system).query.decode("ascii")
        if self.csrf_at:
            return token_places(join_url(self.base, self.csrf_at), query)[:2]
        root = join_url(self.base, f"{self.path}/")
        return token_places(root, query, entity_set(entity))

    @property
    def _root(self) -> str:
        return join_url(self.base, f"{self.path}/").raw_path.decode("ascii")


def service_of(call_input: SapInput, settings: SapConnectionSettings) -> Service:
    """Returns the service of a call. Raises: BadInput."""
    with tag_input_fields("service_path"):
        path = service_path(call_input.service_path)
    with tag_input_fields("params", "client"):
        system = _system_params(call_input, settings)
    return Service(
        base=parse_base_url(settings.base_url),
        path=path,
        version=_version(settings, path),
        system=system,
        csrf_at=settings.csrf.at if settings.csrf is not None else "",
        is_typed=call_input.output == "typed",
    )


def headers_of(ctx: CallContext, call_input: SapInput, service: Service) -> dict[str, str]:
    """Returns the headers of a call, without those of its body. Raises: BadInput."""
    return {"idempotency-key": ctx.idempotency_key, **_declared_headers(call_input, service), **tracing_headers(ctx)}


def _declared_headers(call_input: SapInput, service: Service) -> dict[str, str]:
    with tag_input_fields("headers"):
        own = check_headers(call_input.headers, reserved=RESERVED)
    return {
        "accept": service.accept(call_input.entity, call_input.params),
        **_VERSION_HEADERS[service.version],
        **own,
    }


def request_of(
    ctx: CallContext, call_input: SapInput, service: Service, written: Written, blobs: Mapping[str, Blob]
) -> HttpRequest:
    """Returns the request of a call that is no batch, with its body. Raises: BadInput."""
    return _request(call_input, service, headers_of(ctx, call_input, service), ctx.idempotency_key, written, blobs)


def command_request(call_input: SapInput, service: Service) -> HttpRequest:
    """Returns the request of a call that is no batch as people repeat it: without the headers of every call.

    Numbers and dates of its body are as in the input: the metadata of the service are not read. Raises: BadInput.
    """
    return _request(call_input, service, _declared_headers(call_input, service), "", Written(call_input.body), NO_BLOBS)


def _request(
    call_input: SapInput,
    service: Service,
    headers: dict[str, str],
    key: str,
    written: Written,
    blobs: Mapping[str, Blob],
) -> HttpRequest:
    with tag_input_fields("body"):
        content, content_type = encode_body(call_input.body_type, written.body, key, blobs)
    if content_type is not None and (call_input.body_type == "multipart" or "content-type" not in headers):
        headers["content-type"] = content_type  # that of a multipart body has the boundary
    if written.is_ieee754:
        headers["content-type"] = IEEE754_TYPE
    if call_input.next:
        if call_input.entity or call_input.params or call_input.method not in READS:
            raise BadInput("`next` is a link of its own: give it without `entity` and `params`, and read with GET")
        with tag_input_fields("next"):
            url = service.next_url(call_input.next, service.url("", {}))
    else:
        url = service.url(call_input.entity, call_input.params)
    return HttpRequest(method=call_input.method, url=url, headers=headers, content=content)


def accept_of(entity: str) -> str:
    """Returns the types of content that are asked for: `$count` and raw values are no JSON (OData 4.01 §8.2.1)."""
    path = entity.strip(" ").rstrip("/")
    if _PLAIN.search(f"/{path}"):
        return "text/plain, */*;q=0.5"
    if path == "$metadata":
        return "application/xml"
    return f"{_JSON}, text/plain;q=0.5, */*;q=0.1"


def _version(settings: SapConnectionSettings, path: str) -> ODataVersion:
    if settings.odata != "auto":
        return settings.odata
    return "2" if "/sap/opu/odata/" in f"{path}/".lower() else "4"


def _system_params(call_input: SapInput, settings: SapConnectionSettings) -> dict[str, str]:
    asked = call_input.params.get("sap-client", call_input.client)
    client = settings.client or (client_text(asked) if isinstance(asked, str | int) else "")
    if isinstance(asked, str | int) and client_text(asked) != client:
        raise BadInput(f"the call asks for client {asked}, its connection is for client {client}")
    params = {"sap-client": client, "sap-language": "" if "sap-language" in call_input.params else settings.language}
    return {name: value for name, value in params.items() if value}
