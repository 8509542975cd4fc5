"""The contract of connectors that the test kit checks: those of Looply keep it, broken ones do not."""

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import structlog

from kit.sap_metadata import V2
from looply.connectors.outbound.urls import join_url, origin, parse_base_url
from looply.connectors.port import (
    Binding,
    CallContext,
    Check,
    ConnectionKind,
    ConnectionValues,
    Connector,
    HttpRequest,
    HttpResponse,
    Operation,
    read_input,
)
from looply.connectors.registry import load_connectors
from looply.errors import OperationError, Unavailable
from looply.jsontext import Json
from looply.testing.connector_contract import Case, find_breaches

SECRET = "hunter2-hunter2"
JSON = (("content-type", "application/json"),)
CONNECTORS = {connector.name: connector for connector in load_connectors().connectors}


async def test_the_http_connector_keeps_the_contract() -> None:
    connection: dict[str, Any] = {
        "settings": {"base_url": "https://api.example", "auth": "bearer"},
        "secrets": {"token": SECRET},
    }
    cases = [
        Case(operation="http.request", input={"connection": "X", "url": "/orders", "method": "GET"}, **connection),
        Case(
            operation="http.request",
            input={"connection": "X", "url": "/orders", "method": "POST", "body": {"po": "4711"}},
            **connection,
        ),
    ]
    assert await find_breaches(CONNECTORS["http"], cases) == []


async def test_the_sap_connector_keeps_the_contract() -> None:
    case = Case(
        operation="sap.odata",
        input={"connection": "X", "service_path": "/sap/opu/odata/orders", "entity": "A_Order", "method": "GET"},
        settings={"base_url": "https://sap.example:44300", "user": "buyer"},
        secrets={"password": SECRET},
    )
    assert await find_breaches(CONNECTORS["sap"], [case]) == []


async def test_the_sap_connector_keeps_the_contract_where_it_fetches_a_token_first() -> None:
    token = HttpResponse(status=200, reason="OK", headers=(*JSON, ("x-csrf-token", "t-1")), content=b'{"d": {}}')
    metadata = HttpResponse(status=200, reason="OK", headers=(("content-type", "application/xml"),), content=V2)
    created = HttpResponse(status=201, reason="Created", headers=JSON, content=b'{"d": {"Id": "PO-A"}}')
    case = Case(
        operation="sap.odata",
        input={
            "connection": "X",
            "service_path": "/sap/opu/odata/orders",
            "entity": "A_Order",
            "method": "POST",
            "body": {"Id": "PO-A"},
        },
        answers=(token, metadata, created),
        settings={"base_url": "https://sap.example:44300", "user": "buyer"},
        secrets={"password": SECRET},
    )
    assert await find_breaches(CONNECTORS["sap"], [case]) == []


async def test_a_case_of_no_operation_is_an_error() -> None:
    with pytest.raises(AssertionError, match=r"connector http has no operation http\.burn"):
        await find_breaches(CONNECTORS["http"], [Case(operation="http.burn", input={})])


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base_url: str
    region: str = ""


class Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str


class Loose(msgspec.Struct, frozen=True, kw_only=True):
    token: str = ""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    connection: str
    number: int


class Output(msgspec.Struct, frozen=True, kw_only=True):
    status: str


async def good(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Books a number under the key of the visit."""
    given = read_input(Input, input_, "shop.book")
    values = await ctx.connection(given.connection)
    url = join_url(parse_base_url(str(values.settings["base_url"])), str(given.number))
    headers = {"authorization": f"Bearer {values.secrets['token']}", "idempotency-key": ctx.idempotency_key}
    response = await ctx.http.send(HttpRequest(method="POST", url=url, headers=headers))
    return {"status": str(response.status)}


def binding(settings: Mapping[str, Json]) -> Binding:
    return Binding(frozenset({origin(parse_base_url(str(settings["base_url"])))}), {"auth": "bearer"})


async def probe(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    try:
        await ctx.http.send(HttpRequest(method="GET", url=parse_base_url(f"{values.settings['base_url']}{path}")))
    except OperationError as error:
        return (Check(name="tcp", state="failed", text=str(error)),)
    return (Check(name="tcp", state="ok"),)


KIND = ConnectionKind(name="shop", title="Shop", settings=Settings, secrets=Secrets, binding=binding, test=probe)
BOOK = Operation(
    name="shop.book",
    title="Book",
    input=Input,
    output=Output,
    repeat="with_key",
    call=good,
    connection_kind="shop",
)
CASE = Case(
    operation="shop.book",
    input={"connection": "X", "number": 7},
    settings={"base_url": "https://shop.example", "region": "eu"},
    secrets={"token": SECRET},
)


async def breaches(operation: Operation = BOOK, kind: ConnectionKind = KIND, case: Case = CASE) -> str:
    """Returns the breaches of a connector with one operation, a line each."""
    shop = Connector(name="shop", title="Shop", operations=(operation,), connection_kinds=(kind,))
    return "\n".join(await find_breaches(shop, [case]))


async def test_a_good_connector_has_no_breach() -> None:
    assert await breaches() == ""


async def without_key(ctx: CallContext, input_: dict[str, Json]) -> Json:
    return await good(replace(ctx, idempotency_key="another"), input_)


async def twice(ctx: CallContext, input_: dict[str, Json]) -> Json:
    try:
        return await good(ctx, input_)
    except Unavailable:
        return await good(ctx, input_)


async def doubled(ctx: CallContext, input_: dict[str, Json]) -> Json:
    await good(ctx, input_)
    return await good(ctx, input_)


async def careless(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    return {"status": int(found["status"])}


async def strict(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    if found["status"] != "200":
        raise KeyError(found["status"])
    return {"status": "200"}


async def talkative(ctx: CallContext, input_: dict[str, Json]) -> Json:
    values = await ctx.connection("X")
    found: Any = await good(ctx, input_)
    if found["status"] == "500":
        raise Unavailable(f"refused with {values.secrets['token']}", sent=True)
    return {"status": found["status"]}


async def logging_it(ctx: CallContext, input_: dict[str, Json]) -> Json:
    logging.getLogger("shop").warning("with %s", (await ctx.connection("X")).secrets["token"])
    return await good(ctx, input_)


async def elsewhere(ctx: CallContext, input_: dict[str, Json]) -> Json:
    read_input(Input, input_, "shop.book")
    url = parse_base_url("https://collector.example")
    response = await ctx.http.send(HttpRequest(method="POST", url=url, headers={"key": ctx.idempotency_key}))
    return {"status": str(response.status)}


async def following(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    while found["status"] == "302":
        url = parse_base_url("https://elsewhere.invalid")
        response = await ctx.http.send(HttpRequest(method="POST", url=url))
        found = {"status": str(response.status)}
    return found


async def insisting(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    return await good(ctx, input_) if found["status"] == "503" else found


async def disowning(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    if found["status"] == "500":
        raise Unavailable("it did nothing", sent=False)
    return found


async def quoting(ctx: CallContext, input_: dict[str, Json]) -> Json:
    found: Any = await good(ctx, input_)
    secret = (await ctx.connection("X")).secrets["token"]
    return {"status": secret if found["status"] == "404" else found["status"]}


async def tracing(ctx: CallContext, input_: dict[str, Json]) -> Json:
    try:
        raise ValueError((await ctx.connection("X")).secrets["token"])
    except ValueError:
        logging.getLogger("shop").debug("a detail", exc_info=True)
    return await good(ctx, input_)


async def telling(ctx: CallContext, input_: dict[str, Json]) -> Json:
    structlog.get_logger("shop").info("called", token=(await ctx.connection("X")).secrets["token"])
    return await good(ctx, input_)


async def denying(ctx: CallContext, input_: dict[str, Json]) -> Json:
    try:
        return await good(ctx, input_)
    except OperationError as error:
        raise Unavailable(str(error), sent=False) from error


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (without_key, "the key of the visit is not sent"),
        (twice, "is tried again by the connector"),
        (doubled, "a good call raises"),
        (careless, "the output does not fit Output"),
        (strict, "the answer 404 .* raises KeyError"),
        (talkative, "the error of the answer 500 .* has a secret"),
        (logging_it, "a log has a secret"),
        (following, r"it calls \[\('https', 'elsewhere.invalid', 443\)\]"),
        (following, "the answer 302 makes the connector send requests without an end"),
        (insisting, "the answer 503 .* makes the connector try again"),
        (disowning, "the answer 500 .* with sent=False"),
        (quoting, "the output of the answer 404 .* has a secret"),
        (tracing, "a log has a secret"),
        (telling, "a log has a secret"),
        (elsewhere, r"it calls \[\('https', 'collector.example', 443\)\]"),
        (denying, "breaks after the request was sent gives Unavailable"),
    ],
)
async def test_what_a_call_does_against_the_contract_is_found(call: Any, said: str) -> None:
    assert re.search(said, await breaches(replace(BOOK, call=call)))


async def test_more_requests_than_answers_are_found() -> None:
    case = replace(CASE, answers=(*CASE.answers, *CASE.answers))
    assert "a good call sends 1 requests, expected 2" in await breaches(case=case)


async def test_what_an_operation_declares_against_the_contract_is_found() -> None:
    def broken(input_: Mapping[str, Json]) -> Any:
        return {"7": "always"}[str(input_["number"])]

    assert "`repeat` raises KeyError" in await breaches(replace(BOOK, repeat=broken))
    assert "`repeat` is 'sometimes'" in await breaches(replace(BOOK, repeat=lambda _: "sometimes"))  # type: ignore[arg-type,return-value]

    def judge(input_: Mapping[str, Json], output: Json, now: Any) -> Any:
        raise TypeError(f"no {input_} {output} {now}")

    assert "`judge` raises TypeError" in await breaches(replace(BOOK, judge=judge))


async def test_an_input_that_is_not_checked_is_found() -> None:
    class Unchecked(Operation):
        async def perform(self, ctx: CallContext, input_: Mapping[str, Json]) -> Json:
            return await self.call(ctx, dict(input_))

    async def calling(ctx: CallContext, input_: dict[str, Json]) -> Json:
        return await good(ctx, {**input_, "number": 7})

    fields = {name: getattr(BOOK, name) for name in BOOK.__dataclass_fields__}
    unchecked = Unchecked(**{**fields, "call": calling})
    assert "an input whose `number` does not fit is not refused" in await breaches(unchecked)


async def raising(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    await ctx.http.send(HttpRequest(method="GET", url=parse_base_url(f"{values.settings['base_url']}{path}")))
    return ()


async def praising(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    assert (ctx, values, path) is not None
    return (Check(name="tcp", state="ok"),)


async def showing(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    (check,) = await probe(ctx, values, path)
    return (replace(check, text=f"with {values.secrets['token']}"),)


def ordered(settings: Mapping[str, Json]) -> Binding:
    return Binding(binding(settings).targets, {"first": next(iter(settings))})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"test": raising}, "the test of a connection raises Unavailable"),
        ({"test": praising}, "has no check that failed"),
        ({"test": showing}, "a check of the test of a connection has a secret"),
        ({"binding": ordered}, "`binding` depends on the order of the settings"),
        ({"binding": None}, "a kind of connection with secrets has no `binding`"),
        ({"target": lambda settings: next(iter(settings))}, "`target` depends on the order of the settings"),
        ({"target": lambda settings: f"{settings['base_url']}#{SECRET}"}, "`target` has a secret"),
        ({"secrets": Loose}, "a secret that does not exist is accepted"),
        ({"settings": Loose}, "a setting that does not exist is accepted"),
        ({"required_secrets": lambda _: ("second",)}, "the settings of the case are refused: /secrets/second"),
    ],
)
async def test_what_a_kind_of_connection_does_against_the_contract_is_found(change: dict[str, Any], said: str) -> None:
    assert said in await breaches(kind=replace(KIND, **change))


async def test_an_empty_secret_is_in_nothing_and_one_that_the_system_returns_is_not_the_connectors() -> None:
    assert await breaches(case=replace(CASE, secrets={"token": ""})) == ""

    async def echoing(ctx: CallContext, input_: dict[str, Json]) -> Json:
        await good(ctx, input_)
        return {"status": SECRET}

    answer = HttpResponse(status=200, reason="OK", headers=JSON, content=f'"{SECRET}"'.encode())
    assert "has a secret" in await breaches(replace(BOOK, call=echoing))
    assert "has a secret" not in await breaches(replace(BOOK, call=echoing), case=replace(CASE, answers=(answer,)))


async def test_the_kind_of_a_connection_may_be_that_of_another_connector() -> None:
    operation = replace(BOOK, call=elsewhere, connection_kind="http")
    connection: dict[str, Any] = {
        "settings": {"base_url": "https://shop.example", "auth": "bearer"},
        "secrets": {"token": SECRET},
    }
    shop = Connector(name="shop", title="Shop", operations=(operation,))
    found = "\n".join(await find_breaches(shop, [replace(CASE, **connection)]))
    assert "it calls [('https', 'collector.example', 443)]" in found


async def test_a_field_with_another_name_is_checked_by_that() -> None:
    class Renamed(msgspec.Struct, frozen=True, kw_only=True, rename={"number": "no"}):
        connection: str
        number: int

    async def calling(ctx: CallContext, input_: dict[str, Json]) -> Json:
        return await good(ctx, {"connection": "X", "number": 7 + len(input_)})

    case = replace(CASE, input={"connection": "X", "no": 7})
    assert await breaches(replace(BOOK, input=Renamed, call=calling), case=case) == ""


def test_secrets_of_a_case_are_not_shown() -> None:
    assert SECRET not in repr(CASE)
    assert isinstance(CASE.answers[0], HttpResponse)
    assert CASE.answers[0].headers == JSON
