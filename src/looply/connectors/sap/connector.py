"""The SAP connector: calls of OData services, with the session protocol, batches, pages and repeated calls."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.connectors.http.bodies import read_output
from looply.connectors.http.command_lines import curl_of
from looply.connectors.http.connector import refuse_blobs, target, with_upper_method
from looply.connectors.http.headers import tracing_headers
from looply.connectors.http.media import open_blobs, read_media
from looply.connectors.http.redirects import READS
from looply.connectors.port import (
    CallContext,
    ConnectionKind,
    ConnectionValues,
    Connector,
    HttpRequest,
    HttpResponse,
    Operation,
    read_input,
)
from looply.connectors.sap.batches.json_batch import encode_json_batch, read_json_batch
from looply.connectors.sap.batches.multipart import encode_multipart, read_multipart
from looply.connectors.sap.batches.units import BatchRequest, batch_requests
from looply.connectors.sap.calls.conversation import SapConversation
from looply.connectors.sap.calls.etags import with_etag
from looply.connectors.sap.calls.inputs import Probe, SapInput, SapOutput
from looply.connectors.sap.calls.paging import follow_pages, page_of
from looply.connectors.sap.calls.principals import Principal, principal_of
from looply.connectors.sap.calls.protocol import Outcome
from looply.connectors.sap.calls.repeating import (
    absent_reason,
    check_recognized,
    is_recognized,
    repeat_headers,
    unknown_outcome,
    why_not_repeated,
)
from looply.connectors.sap.calls.requests import Service, command_request, headers_of, request_of, service_of
from looply.connectors.sap.calls.settings import (
    SapConnectionSecrets,
    SapConnectionSettings,
    binding,
    client_text,
    connection_problems,
    secret_names,
)
from looply.connectors.sap.checks import check_connection
from looply.connectors.sap.discovering.calls_check import check_calls
from looply.connectors.sap.discovering.discovery import discover
from looply.connectors.sap.messages import with_messages
from looply.connectors.sap.types.service import Answer, TypedService, is_typed_path
from looply.connectors.sap.types.writing import IEEE754_TYPE, Written
from looply.connectors.sap.verdicts import judge
from looply.definition.values.repeat import Repeat, repeat_of_odata
from looply.errors import BadInput, OperationError, Rejected, tag_input_fields
from looply.jsontext import Json, fingerprint
from looply.rates import offload_if_large

FETCH_FAILED: Final = "CSRF Token fetch failed"
_SHOWN_STATUSES: Final = frozenset({"200", "202", "207"})
"""Statuses of the answer to a batch that has parts."""


async def odata(ctx: CallContext, input_: dict[str, Json]) -> dict[str, Json]:
    """Calls an OData service and returns its response in the shape of `SapOutput`, whatever the status.

    A modifying call first fetches a CSRF token unless one is cached. When that fails, the output is the failed response
    with `CSRF Token fetch failed` as its data. When the response has no `ETag` header, `headers.etag` is taken from the
    entity (`__metadata.etag` of V2, `@odata.etag` of V4). `messages` are those that came in the headers. No request
    leaves the connection's origin, but for tokens: a redirect elsewhere is returned as it is. The credentials, the
    token and the session cookies are masked. Unless `output` is `raw`, numbers and dates are converted by the metadata
    of the service (see `TypedService`), which is opened before a change is sent whose answer it may have to interpret.

    Raises: BadInput for an input that cannot be sent; AuthFailed when logons are refused; Unsettled when an earlier
    attempt may have taken effect; Rejected (code `BAD_RESPONSE`) for a batch or a page that cannot be read; as
    `HttpSender.send` and as `TypedService`. `sent` is False as long as only the token and the metadata were requested.
    """
    given = read_input(SapInput, input_, "sap.odata")
    values = await _connection(ctx, given)
    settings = values.read("sap", SapConnectionSettings, "sap.odata")
    service = service_of(given, settings)
    call = _Call(ctx, given, settings, service, principal_of(values, settings, service.client))
    return await call.perform()


class _Call:
    """One call of `sap.odata`, with everything that it needs."""

    def __init__(
        self,
        ctx: CallContext,
        call_input: SapInput,
        settings: SapConnectionSettings,
        service: Service,
        principal: Principal,
    ) -> None:
        self._ctx = ctx
        self._given = call_input
        self._settings = settings
        self._service = service
        self._principal = principal
        self._parts: list[BatchRequest] = []
        entity = (
            call_input.entity if call_input.batch is None else call_input.batch[0].entity if call_input.batch else ""
        )
        self._conversation = SapConversation(ctx, principal, service.places(entity))
        url = service.url("$metadata", {})
        self._types = TypedService(
            documents=ctx.documents,
            send=self._send_read,
            read=HttpRequest(
                method="GET", url=url, headers={**tracing_headers(ctx), "accept": service.accept("$metadata", ())}
            ),
            key=fingerprint("sap", str(url), principal.session_key.hex()),
            limits=ctx.limits,
            is_effect=_is_change(call_input),
        )

    async def perform(self) -> dict[str, Json]:
        """Returns the output of the call, or of the probe that finds what an earlier attempt made."""
        request = await self._request()
        if request.method in READS:
            return await self._read(request)
        if self._ctx.is_unsettled and (found := await self._settled()) is not None:
            return found
        needs_types = self._service.is_typed and _has_typed_answer(self._given)
        outcome = await self._conversation.send(
            request.with_headers(repeat_headers(self._ctx)), prepare=self._types.open if needs_types else None
        )
        check_recognized(self._ctx, outcome.response)
        if is_recognized(outcome.response):
            self._ctx.cache.note_recognized(self._recognition_key)
        try:
            if self._given.batch is not None and not outcome.is_fetch_failure:
                return await self._batch_output(outcome.response)
            return await self._output(outcome, request)
        except OperationError as error:
            # The engine says of a success that could not be read that the call took effect.
            error.status = error.status or str(outcome.response.status)
            raise

    async def _request(self) -> HttpRequest:
        given = self._given
        if given.batch is None:
            body = await self._written(given.entity, given.body) if given.body_type == "json" else Written(given.body)
            with tag_input_fields("body"):
                blobs = await open_blobs(self._ctx, given.body_type, body.body)
            return request_of(self._ctx, given, self._service, body, blobs)
        if given.entity or given.next or given.params or given.body is not None or given.pages is not None:
            raise BadInput("a `batch` has its requests in its parts: give no `entity`, `params`, `body` or `pages`")
        requests = batch_requests(given.batch, self._service)
        self._parts = [each.with_body(await self._written(each.path, each.body)) for each in requests]
        if self._service.version == "2":
            content, kind = encode_multipart(self._parts, self._ctx.idempotency_key)
        else:
            content, kind = encode_json_batch(self._parts)
        headers = headers_of(self._ctx, given, self._service)
        accept = "multipart/mixed" if self._service.version == "2" else "application/json"
        return HttpRequest(
            method="POST",
            url=self._service.url("$batch", {}),
            headers={**headers, "accept": accept, "content-type": kind},
            content=content,
        )

    async def _read(self, request: HttpRequest) -> dict[str, Json]:
        outcome = await self._conversation.send(request)
        output = await self._output(outcome, request)
        if self._given.pages is None:
            return output

        async def further(page: HttpRequest) -> tuple[dict[str, Json], int]:
            found = await self._conversation.send(page)
            return await self._output(found, page), len(found.response.content)

        limits = self._ctx.limits
        paged = await follow_pages(output, request, self._service, self._given.pages, further, limits)
        return self._masked(paged)

    async def _output(self, outcome: Outcome, request: HttpRequest) -> dict[str, Json]:
        """Returns the answer to one request, typed."""

        def finish(read: dict[str, Json]) -> dict[str, Json]:
            if outcome.is_fetch_failure:
                return self._masked({**read, "data": FETCH_FAILED})
            return self._masked(with_messages(with_etag(read)))

        response = outcome.response
        if not outcome.is_fetch_failure and (media := await read_media(self._ctx, response)) is not None:
            return self._masked(with_messages(media))
        output = await read_output(response, self._ctx.limits, finish)
        if outcome.is_fetch_failure:
            return output
        answer = Answer(
            path=self._service.path_of(request.url),
            status=response.status,
            content_type=response.header("content-type") or "",
            content=response.content,
            data=output["data"],
        )
        return {**output, "data": (await self._typed([answer], len(response.content)))[0]}

    async def _written(self, path: str, body: Json) -> Written:
        return await self._types.write(path, body) if self._service.is_typed else Written(body)

    async def _typed(self, answers: Sequence[Answer], size: int) -> list[Json]:
        if not self._service.is_typed:
            return [each.data for each in answers]
        return await self._types.answer(answers, size)

    async def _send_read(self, request: HttpRequest) -> HttpResponse:
        return (await self._conversation.send(request)).response

    def _masked(self, output: dict[str, Json]) -> dict[str, Json]:
        masked: dict[str, Json] = self._conversation.masker().output(output)
        return masked

    async def _batch_output(self, response: HttpResponse) -> dict[str, Json]:
        output = await read_output(response, self._ctx.limits)
        if output["status"] not in _SHOWN_STATUSES:
            return self._masked(output)
        parts = await offload_if_large(len(response.content), lambda: self._read_parts(response))
        answers = [_answer_of(part, request) for part, request in zip(parts, self._parts, strict=True)]
        made = await self._typed(answers, len(response.content))
        shown = [{**with_messages(with_etag(part)), "data": data} for part, data in zip(parts, made, strict=True)]
        return self._masked({**with_messages(output), "data": {"parts": shown}})

    def _read_parts(self, response: HttpResponse) -> list[dict[str, Json]]:
        if (response.header("content-type") or "").lower().startswith("multipart/"):
            return read_multipart(response, self._parts, self._ctx.limits)
        return read_json_batch(response, self._parts)

    async def _settled(self) -> dict[str, Json] | None:
        """Returns the output for what an earlier attempt made; None when the call may be sent again.

        Raises: Unsettled when an operator must decide.
        """
        recognized = self._ctx.cache.is_recognized(self._recognition_key)
        name = self._principal.connection
        reason = why_not_repeated(self._ctx, self._settings, name, is_recognized=recognized)
        if not reason:
            return None
        if self._given.probe is None:
            raise unknown_outcome(f"{reason}, and the step has no `probe`")
        return await self._probed(self._given.probe)

    async def _probed(self, probe: Probe) -> dict[str, Json] | None:
        request = HttpRequest(
            method="GET",
            url=self._service.url(probe.entity, probe.params),
            headers={
                **headers_of(self._ctx, self._given, self._service),
                "accept": self._service.accept(probe.entity, probe.params),
            },
        )
        outcome = await self._conversation.send(request)
        try:
            output = await self._output(outcome, request)
        except Rejected as error:
            raise unknown_outcome(
                f"the answer to the probe of {probe.entity} cannot be read: {error.message}"
            ) from error
        status = str(output["status"])
        if status.startswith("2") and (found := _first_entity(output)) is not None:
            return found
        if not status.startswith("2") and status != "404":
            raise unknown_outcome(f"the probe of {probe.entity} was answered with status {status}")
        if probe.absent == "repeat":
            return None
        raise unknown_outcome(absent_reason(probe, self._ctx.clock.now()))

    @property
    def _recognition_key(self) -> bytes:
        return fingerprint(self._principal.session_key.hex(), self._service.path)


def _requests(call_input: SapInput) -> list[tuple[str, str]]:
    """Returns the method and the path of each request that a call makes."""
    return (
        [(call_input.method, call_input.entity)]
        if call_input.batch is None
        else [(each.method, each.entity) for each in call_input.batch]
    )


def _is_change(call_input: SapInput) -> bool:
    return any(method not in READS for method, _ in _requests(call_input))


def _has_typed_answer(call_input: SapInput) -> bool:
    """Returns whether a change may need the metadata for its answer: a deletion has none, nor a batch of reads."""
    return _is_change(call_input) and any(
        method != "DELETE" and is_typed_path(path) for method, path in _requests(call_input)
    )


def _answer_of(part: Mapping[str, Json], request: BatchRequest) -> Answer:
    headers = part["headers"]
    # A part of a JSON answer may leave its type out; then it is what was asked for.
    content_type = headers.get("content-type") or (IEEE754_TYPE if IEEE754_TYPE in request.headers["accept"] else "")
    return Answer(
        path=request.path, status=int(part["status"]), content_type=content_type, content=None, data=part["data"]
    )


def _first_entity(output: dict[str, Json]) -> dict[str, Json] | None:
    """Returns the output with the first entity of a list in the place of the list; None when nothing was found."""
    data = output["data"]
    rows = page_of(data).rows
    if rows is None:
        return output if data else None
    if not rows:
        return None
    entity = {"d": rows[0]} if isinstance(data, dict) and "d" in data else rows[0]
    return with_etag({**output, "data": entity})


def command_line(input_: Mapping[str, Json], settings: Mapping[str, Json]) -> str:
    """Returns a call as a command line, without the token and the session of its connection.

    Raises: BadInput for an input that cannot be sent, for a batch, and for a body with blobs.
    """
    given = read_input(SapInput, input_, "sap.odata")
    if given.batch is not None or given.connection is None:
        raise BadInput("a batch, or a call without the name of its connection, is no single command")
    refuse_blobs(given.body_type, given.body)
    connection = ConnectionValues(name=given.connection, kind="sap", settings=settings)
    service = service_of(given, connection.read("sap", SapConnectionSettings, "sap.odata"))
    return curl_of(command_request(given, service))


async def _connection(ctx: CallContext, call_input: SapInput) -> ConnectionValues:
    if call_input.connection is not None:
        if call_input.system_id is not None:
            raise BadInput("give either `connection` or `system_id` and `client`, not both")
        return await ctx.connection(call_input.connection)
    criteria = _criteria({"system_id": call_input.system_id, "client": call_input.client})
    return await ctx.matching_connection("sap", criteria)


def _criteria(fields: Mapping[str, Json]) -> Mapping[str, str]:
    """Returns the settings of the connection that `system_id` and `client` of an input mean. Raises: BadInput."""
    system, client = fields.get("system_id"), fields.get("client")
    if not isinstance(system, str) or not isinstance(client, str | int):
        raise BadInput("name the SAP system by `connection`, or by `system_id` and `client`")
    return {"system_id": system, "client": client_text(client)}


def _target(settings: Mapping[str, Json]) -> str:
    """Returns the system of a connection: its gateway, and its client, which is a system of its own."""
    client = settings.get("client")
    return f"{target(settings)}#{client}" if client else target(settings)


def repeat(input_: Mapping[str, Json]) -> Repeat:
    """Returns whether a call may be repeated after an unknown outcome; of most changes the call itself finds out."""
    return repeat_of_odata(input_)


CONNECTOR = Connector(
    name="sap",
    title="SAP",
    operations=(
        Operation(
            name="sap.odata",
            title="SAP request",
            input=SapInput,
            output=SapOutput,
            repeat=repeat,
            call=odata,
            connection_kind="sap",
            normalize=with_upper_method,
            judge=judge,
            command=command_line,
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="sap",
            title="SAP system",
            settings=SapConnectionSettings,
            secrets=SapConnectionSecrets,
            check=connection_problems,
            required_secrets=secret_names,
            binding=binding,
            target=_target,
            criteria=_criteria,
            test=check_connection,
            discover=discover,
            check_calls=check_calls,
        ),
    ),
)
