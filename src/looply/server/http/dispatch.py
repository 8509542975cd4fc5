"""Dispatch of a matched route: key, query, body, handler, in this order, the same for every route."""

from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgspec

from looply.app.administration.binding import bind_services, hide_workflow_id
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.errors import Forbidden, NotFound, OutOfScope
from looply.jsontext import encode_json
from looply.limits import REFUSALS_PER_MINUTE
from looply.server.callers.browser_calls import Browser, BrowserCalls
from looply.server.callers.client_addresses import ClientAddresses
from looply.server.http.access import ANONYMOUS, authenticate, check_token
from looply.server.http.call import JSON_TYPE, Call, Headers, Query, Response, Route
from looply.server.http.refusals import Credential, RefusalLimiter
from looply.server.http.request_pace import RequestPace
from looply.server.http.request_parsing import convert_body, read_bytes, read_headers, read_json, read_query

_STANDARD: Final[Headers] = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Dispatch:
    """Performs routes."""

    def __init__(
        self,
        services: Services,
        addresses: ClientAddresses | None = None,
        refusals_per_minute: int = REFUSALS_PER_MINUTE,
        pace: RequestPace | None = None,
    ) -> None:
        """`addresses` finds the addresses by which refused keys and tokens are rate-limited."""
        self._services = services
        self._addresses = addresses or ClientAddresses()
        self._browsers = BrowserCalls(self._addresses, services.links, services.sign_in)
        self._pace = pace or RequestPace(services.turns)
        self._refusals = RefusalLimiter(services.clock, refusals_per_minute, services.metrics.count_refusal)

    async def admit(self, route: Route, scope: Any) -> Principal:
        """Returns the principal of the call's key, session or tab, and notes the use of a key or session.

        Raises: as `check`; TooManyRefusals instead of Forbidden when too many calls of the address were refused.
        """
        try:
            principal = await self.check(route, scope)
        except Forbidden as error:
            if error.code == "TEAMS_TOKEN":
                self._refuse(scope, "teams_token", route, error)
            if error.code == Forbidden.code:
                self._refuse(scope, "metrics_token" if route.access == "metrics" else "key", route, error)
            raise
        uses = self._services.catalog.people.last_uses
        if principal.organization_id and not uses.is_noted(principal):
            uses.note(principal, self._addresses.address(scope))
        return principal

    async def check(self, route: Route, scope: Any) -> Principal:
        """Returns the principal of the call's key or session; a refusal is not counted. Raises: as `authenticate`."""
        if route.access == "metrics":
            check_token(scope, self._services.metrics_token)
            return ANONYMOUS
        services = self._services
        principal = await authenticate(scope, route, services.catalog, services.clock, self._browsers, services.tabs)
        if principal.workflow_ids is not None and not route.takes_bound_keys:
            # The route reads or changes the whole organization.
            raise OutOfScope()
        return principal

    async def wait_for_drain(self) -> None:
        """Returns when the process begins to stop."""
        await self._services.lifecycle.wait()

    async def perform(
        self, route: Route, principal: Principal, scope: Any, receive: Any, values: Mapping[str, str]
    ) -> Response:
        """Returns the answer of a route to an authenticated call.

        Raises: QuotaReached; what parsing and the handler raise.
        """
        handled = self._handle(route, principal, scope, receive, values)
        owner = principal.organization_id
        return await (self._pace.handle(owner, handled) if owner else handled)

    async def _handle(
        self, route: Route, principal: Principal, scope: Any, receive: Any, values: Mapping[str, str]
    ) -> Response:
        browser = self._browser(route, principal, scope)
        if route.check_token is not None:
            try:
                await route.check_token(self._services, values)
            except NotFound as error:
                self._refuse(scope, "inbox_token", route, error)
        query = read_query(scope["query_string"], route)
        services, bound = self._services, principal.workflow_ids
        if bound is not None:
            services = bind_services(services, bound)
            values = {name: _hide(name, text, bound) for name, text in values.items()}
            query = Query(
                {name: tuple(_hide(name, text, bound) for text in texts) for name, texts in query.values.items()}
            )
        body: Any = None
        size = 0
        if route.body_bytes:
            body = await read_bytes(scope, receive, route.body_bytes)
            size = len(body)
        elif route.body is not None:
            # A web page of another site can make a browser send text here, but not a key.
            takes_text = route.takes_text and principal.key_id is not None
            turns = (self._services.turns, principal.organization_id)
            body, size = await read_json(scope, receive, self._services.limits, takes_text=takes_text, turns=turns)
            if bound is not None and _is_shape(route.body) and isinstance(body, dict):
                body = {name: _hide(name, value, bound) for name, value in body.items()}
            if route.has_strict_body and _is_shape(route.body):
                body = convert_body(body, route.body)
        call = Call(
            services=services,
            principal=principal,
            values=values,
            query=query,
            body=body,
            has_body=size > 0,
            body_size=size,
            browser=browser,
            headers=read_headers(scope["headers"], route.header_keys, route.header_characters),
            all_headers=tuple(scope["headers"]) if route.body_bytes else (),
        )
        return await route.handle(call)

    def _browser(self, route: Route, principal: Principal, scope: Any) -> Browser | None:
        """Returns the browser of a call that changes a session; checks what only people must have.

        Raises: Forbidden (codes `CONFIRM_REQUIRED`, `CSRF`, `INSECURE_CONNECTION`).
        """
        if route.needs_confirmation and principal.session is not None:
            until = principal.session.confirmed_until
            if until is None or until <= self._services.clock.now():
                message = "confirm your password first: it was not entered within the last 10 minutes"
                raise Forbidden(message, code="CONFIRM_REQUIRED")
        if not route.changes_session:
            return None
        if route.access == "public" and route.method == "POST":
            self._browsers.check_origin(scope)
        return self._browsers.browser(scope)

    def _refuse(self, scope: Any, credential: Credential, route: Route, error: Exception) -> NoReturn:
        self._refusals.record(self._addresses.address(scope), credential, route.path, error)


def _hide(name: str, value: Any, bound: frozenset[str]) -> Any:
    """Returns the value of a field or parameter as a key that is bound to workflows may use it."""
    return hide_workflow_id(value, bound) if name == "workflow_id" and isinstance(value, str) else value


def render_body(answer: Response) -> bytes:
    """Returns the bytes of an answer's body."""
    if answer.media_type is JSON_TYPE:
        return encode_json(answer.body)
    assert isinstance(answer.body, bytes)
    return answer.body


def response_headers(answer: Response, request_id: str, size: int) -> list[tuple[bytes, bytes]]:
    """Returns the headers of an answer and the standard ones; the answer's own headers take precedence.

    An answer without a media type has no content, and thus neither `content-type` nor `content-length`.
    """
    headers = [
        (b"content-type", answer.media_type),
        (b"content-length", str(size).encode()),
        (b"x-request-id", request_id.encode()),
    ]
    if not answer.media_type:
        headers = headers[2:]
    if not answer.headers:
        return [*headers, *_STANDARD]
    own = {name for name, _ in answer.headers}
    return [*headers, *(header for header in _STANDARD if header[0] not in own), *answer.headers]


def _is_shape(body: Any) -> bool:
    return isinstance(body, type) and issubclass(body, msgspec.Struct)
