"""The public HTTP API, as the commands call it: one small client for all of them."""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx2

from looply.cli.display.json_texts import read_json
from looply.cli.terminal.failures import ApiRefused
from looply.cli.terminal.workflow_names import find_workflow
from looply.errors import Problem, Unavailable
from looply.jsontext import Json, encode_json

CALL_SECONDS: Final = 75.0
"""Longer than the longest call: a trigger that waits for 60 seconds."""
CONNECT_SECONDS: Final = 10.0
SILENCE_SECONDS: Final = 45.0
"""A stream that sends nothing for this time is broken: the server sends something every 15 seconds."""
PAGE: Final = 30
"""The most that the server puts on one page."""

NO_BODY: Final[Json] = object()
"""No body at all, which differs from the body `null`."""

_CLOSED_REASONS: Final = {
    "TERMINATED": "the execution was terminated",
    "FAILED": "the execution has failed; `looply execution show` says why",
    "COMPLETED": "the execution has completed",
    "TIMED_OUT": "the wait has timed out",
    "NOT_WAITING": "the execution is not waiting for an answer now",
}
"""Why a resume is refused, where the message of the API says only `not found`."""

_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")
"""What OpenSSL, old and new, says about an answer that is no TLS."""

_JSON: Final = {"content-type": "application/json"}


class ApiClient:
    """A running server, as the owner of an API key sees it. An async context manager.

    Every call returns the JSON object of the response. In a query `workflow_id` may be the name of a workflow.
    Raises: NotFound, Conflict for such a name; ApiRefused with the server's own code, message and
    problems; Unavailable when the server does not respond, or what responds is not a Looply server.
    """

    def __init__(self, url: str, api_key: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._url = url.rstrip("/")
        self._http = httpx2.AsyncClient(
            headers={"x-api-key": api_key},
            timeout=httpx2.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def get(self, name: str, /, **query: Any) -> dict[str, Any]:
        """Returns the response of a read, such as `getWorkflowById`. Parameters that are None are omitted."""
        return await self._call("GET", f"/v2/workflows/{name}", await self._with_ids(query))

    async def post(self, name: str, body: Json = NO_BODY, *, key: str = "", **query: Any) -> dict[str, Any]:
        """Returns the response of a call with a JSON body, or without one. `key` is its `Idempotency-Key`."""
        content = None if body is NO_BODY else encode_json(body)
        return await self._call("POST", f"/v2/workflows/{name}", await self._with_ids(query), content, key)

    async def workflow_id(self, name: str) -> str:
        """Returns the id of a workflow by its id or name.

        Raises: NotFound, Conflict for a name of several; ApiRefused when the key may not read workflows.
        """
        try:
            return await find_workflow(name, self._items("getOrganizationWorkflows", PAGE, {}))
        except ApiRefused as error:
            if error.status == 403:
                error.message = f"{error.message}; to read the name {name[:200]!r}: give the id of the workflow"
            raise

    async def _with_ids(self, fields: dict[str, Any]) -> dict[str, Any]:
        name = fields.get("workflow_id")
        return {**fields, "workflow_id": await self.workflow_id(name)} if isinstance(name, str) and name else fields

    async def stream(self, name: str, last: str = "", /, **query: Any) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        """Yields the events of a stream after the one with the id `last`, until the server ends it.

        An event without data only advances the cursor. Raises: Unavailable also when the stream breaks off.
        """
        headers = {"last-event-id": last} if last else {}
        timeout = httpx2.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        url = f"{self._url}/v2/workflows/{name}"
        try:
            async with self._http.sse(url, params=query, headers=headers, timeout=timeout) as source:
                if source.response.status_code != 200 or not _is_stream(source.response):
                    await source.response.aread()
                    _parse_response(source.response, self._url)
                async for event in source:
                    yield event
        except httpx2.TransportError as error:
            raise _unreachable_error(self._url, error) from error

    async def items(self, name: str, limit: int | None = None, /, **query: Any) -> list[dict[str, Any]]:
        """Returns up to `limit` items of a list, all of them without a limit, following its pages."""
        found: list[dict[str, Any]] = []
        async for item in self._items(name, limit, await self._with_ids(query)):
            found.append(item)
            if limit is not None and len(found) >= limit:
                break
        return found

    async def _items(self, name: str, limit: int | None, query: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        cursor: dict[str, Any] = {}
        while True:
            page = await self.get(name, **{**query, "limit": PAGE if limit is None else min(limit, PAGE), **cursor})
            for item in page["items"]:
                yield item
            if not (cursor := page.get("lastKey") or {}):
                return

    async def _call(
        self, method: str, path: str, query: dict[str, Any], content: bytes | None = None, key: str = ""
    ) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        headers = {**({} if content is None else _JSON), **({"idempotency-key": key} if key else {})}
        try:
            response = await self._http.request(
                method, f"{self._url}{path}", params=given, content=content, headers=headers
            )
        except httpx2.TimeoutException as error:
            raise Unavailable(f"{self._url} did not answer in time; the call may have been done") from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise _unreachable_error(self._url, error) from error
        return _parse_response(response, self._url)


def _is_stream(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


def segment(text: str) -> str:
    """Returns a text as one segment of a path."""
    return quote(text, safe="")


def _unreachable_error(url: str, error: Exception) -> Unavailable:
    if _is_plain_http(error):
        return Unavailable(f"{url} does not speak TLS: use http://{url.partition('://')[2]}")
    return Unavailable(f"{url} does not answer ({str(error) or type(error).__name__}); is the server running there?")


def _is_plain_http(error: BaseException | None) -> bool:
    """Returns whether the other side of a TLS handshake answered with something that is no TLS."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
            return True
        error = error.__cause__ or error.__context__
    return False


class _Answer(dict[str, Any]):
    """The object of an answer. A field that it lacks is an error of what answered, not of the command."""

    def __init__(self, url: str, body: dict[str, Any]) -> None:
        super().__init__(body)
        self._url = url

    def __missing__(self, name: str) -> Any:
        raise _lack_error(self._url, name)


def _lack_error(url: str, name: str) -> Unavailable:
    return Unavailable(f"{url} answered without {name!r}; is it a Looply server of this release?")


def _parse_response(response: httpx2.Response, url: str) -> dict[str, Any]:
    """Returns the object of a 200 answer. Raises: ApiRefused, Unavailable."""
    try:
        body = read_json(response.content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = f"{url} answered {response.status_code} with something that is no JSON object"
        raise Unavailable(f"{message}; is it a Looply server?")
    if response.status_code == 200:
        # Every answer has it: a document of another system is never shown as a result.
        if "message" not in body:
            raise _lack_error(url, "message")
        return _Answer(url, body)
    if "message" not in body or ("code" not in body and response.status_code != 403):
        # Every refusal has both, but for that of an unknown key.
        raise Unavailable(f"{url} is no Looply server (it answered {response.status_code}); check --url or LOOPLY_URL")
    raise ApiRefused(
        _message(body, response.status_code),
        status=response.status_code,
        code=str(body.get("code") or ("FORBIDDEN" if response.status_code == 403 else "ERROR")),
        problems=problems_in(body),
        body=body,
    )


def _message(body: dict[str, Any], status: int) -> str:
    message = str(body["message"] or f"the server answered {status}")
    if status == 403:
        scope = "the API key lacks the scope for this" if body.get("code") == "SCOPE" else "the API key is not accepted"
        return f"{message}: {scope}"
    if status == 409 and message == "not found":
        return _CLOSED_REASONS.get(str(body.get("code")), message)
    if status == 404 and body.get("code") == "NOT_FOUND":
        return f"{message}: the server does not have this call; is it a different release?"
    if status >= 500 and body.get("request_id"):
        return f"{message} (request {body['request_id']})"
    return message


def problems_in(body: dict[str, Any], name: str = "errors") -> tuple[Problem, ...]:
    """Returns the findings that an answer lists under a name."""
    listed = body.get(name)
    return tuple(
        Problem(path=str(item.get("path", "")), message=str(item.get("message", "")), hint=str(item.get("hint", "")))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict)
    )
