"""Refused keys and tokens: counted, logged, limited by address; and tokens that are checked before bodies are read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from people_kit import COOKIE, Browser, join
from server_kit import CARDING, COMPUTING, PUBLIC_URL, Caller, CheckedDispatch

from looply.app.context.services import Services
from looply.clock import Clock
from looply.errors import Forbidden, TooManyRefusals
from looply.server.administration.web_pages import Pages
from looply.server.application import Ingress, build_app
from looply.server.callers.client_addresses import ClientAddresses
from looply.server.http.refusals import MAX_ADDRESSES, Credential, RefusalLimiter
from looply.testing.clock import FakeClock, SerialEntropy

LIMIT = 5
KEYS = "/v2/workflows/getKeys"
PROXY = "10.0.0.1"


@asynccontextmanager
async def calling(
    services: Services, tmp_path: Path, peer: str = "192.0.2.1", trusted: tuple[str, ...] = ()
) -> AsyncIterator[httpx2.AsyncClient]:
    ingress = Ingress(addresses=ClientAddresses(trusted), refusals_per_minute=LIMIT)
    app = build_app(
        services, SerialEntropy(1000), Pages(tmp_path / "static"), dispatch_type=CheckedDispatch, ingress=ingress
    )
    transport = httpx2.ASGITransport(app=app, client=(peer, 40_000))
    async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
        yield client


async def statuses(client: httpx2.AsyncClient, count: int, headers: dict[str, str] | None = None) -> list[int]:
    return [(await client.get(KEYS, headers=headers)).status_code for _ in range(count)]


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "lk_aaaaaaaa_wrong"}, {"x-api-key": "x"}])
async def test_wrong_keys_of_one_address_are_429_after_a_number_of_them(
    services: Services, tmp_path: Path, mine: Caller, clock: FakeClock, headers: dict[str, str]
) -> None:
    async with calling(services, tmp_path) as client:
        assert await statuses(client, LIMIT + 2, headers) == [403] * LIMIT + [429] * 2
        refused = await client.get(KEYS, headers=headers)
        assert refused.json()["code"] == "RATE_LIMITED"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await client.get(KEYS, headers=mine.headers())).status_code == 200
        clock.advance(timedelta(seconds=60))
        assert await statuses(client, 1, headers) == [403]


async def test_a_valid_key_without_the_scope_counts_for_nothing(
    services: Services, tmp_path: Path, mine: Caller
) -> None:
    reader = await mine.key_with("trigger")
    async with calling(services, tmp_path) as client:
        assert await statuses(client, LIMIT + 2, reader.headers()) == [403] * (LIMIT + 2)


async def test_a_valid_session_is_never_refused_by_the_limit(services: Services, tmp_path: Path, mine: Caller) -> None:
    async with calling(services, tmp_path) as client:
        owner = await join(Browser(client), services.catalog, mine.organization_id, "owner@example.com", "owner")
        client.cookies.clear()  # only the browser sends its cookie
        assert await statuses(client, LIMIT + 1) == [403] * LIMIT + [429]
        assert (await owner.get("get")).status_code == 200
        assert (await owner.get("getMembers")).status_code == 200
        assert (await owner.post("signOut")).status_code == 200


async def test_a_wrong_cookie_counts_like_a_wrong_key(services: Services, tmp_path: Path) -> None:
    async with calling(services, tmp_path) as client:
        wrong = {"cookie": f"{COOKIE}={'A' * 43}"}
        assert await statuses(client, LIMIT + 1, wrong) == [403] * LIMIT + [429]
        assert await statuses(client, 1, {"x-api-key": "x"}) == [429]


async def test_the_web_app_learns_that_its_session_has_ended_whatever_its_address_did(
    services: Services, tmp_path: Path
) -> None:
    async with calling(services, tmp_path) as client:
        assert await statuses(client, LIMIT + 1) == [403] * LIMIT + [429]
        page = Browser(client)
        page.cookie = f"{COOKIE}={'A' * 43}"
        answers = [await page.get("get") for _ in range(LIMIT + 1)]
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "SIGN_IN_REQUIRED")}


async def test_other_addresses_are_not_limited(services: Services, tmp_path: Path) -> None:
    async with calling(services, tmp_path, PROXY, (PROXY,)) as client:
        first = {"x-forwarded-for": "192.0.2.1"}
        assert await statuses(client, LIMIT + 1, first) == [403] * LIMIT + [429]
        assert await statuses(client, 1, {"x-forwarded-for": "192.0.2.2"}) == [403]


async def test_the_addresses_of_a_network_of_64_bits_are_one(services: Services, tmp_path: Path) -> None:
    async with calling(services, tmp_path, PROXY, (PROXY,)) as client:
        found = [await statuses(client, 1, {"x-forwarded-for": f"2001:db8:1:2::{n}"}) for n in range(1, LIMIT + 2)]
        assert found == [[403]] * LIMIT + [[429]]
        assert await statuses(client, 1, {"x-forwarded-for": "2001:db8:1:3::1"}) == [403]


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip"])
@pytest.mark.parametrize(("peer", "before"), [("192.0.2.1", ""), (PROXY, ", {own}")])
async def test_an_address_forged_by_the_caller_does_not_count(
    services: Services, tmp_path: Path, name: str, peer: str, before: str
) -> None:
    value = "for=203.0.113.{n}" if name == "forwarded" else "203.0.113.{n}"
    added = before.format(own="for=192.0.2.1" if name == "forwarded" else "192.0.2.1")
    async with calling(services, tmp_path, peer, (PROXY,)) as client:
        found = [await statuses(client, 1, {name: value.format(n=n) + added}) for n in range(LIMIT + 1)]
    assert found == [[403]] * LIMIT + [[429]]


async def test_wrong_tokens_of_cards_are_limited_and_the_right_one_is_not(
    services: Services, tmp_path: Path, mine: Caller
) -> None:
    await mine.trigger(await mine.create(CARDING))
    token = (await mine.get("getOpenCards")).json()["items"][0]["token"]
    forged = [token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB"), "x", "%00", "A" * 64]
    async with calling(services, tmp_path) as client:
        found = [(await client.get(f"/v2/inbox/{forged[n % 4]}")).status_code for n in range(LIMIT + 1)]
        assert found == [404] * LIMIT + [429]
        assert (await client.post("/v2/inbox/x", content=b"{")).status_code == 429
        assert (await client.get(f"/v2/inbox/{token}")).status_code == 200
        assert (await client.post(f"/v2/inbox/{token}", json={"data": {}})).json()["message"] == "recorded"


async def unread() -> Any:
    raise AssertionError("the body was read")


@pytest.mark.parametrize("method", ["POST"])
async def test_no_byte_of_a_body_is_read_before_the_key_or_the_token(
    services: Services, tmp_path: Path, method: str
) -> None:
    app = build_app(services, SerialEntropy(1000), Pages(tmp_path / "static"), dispatch_type=CheckedDispatch)
    for number, route in enumerate(app.routes):
        if route.method != method:
            continue
        path = route.path
        for name in route.path_values:
            path = path.replace(f"{{{name}}}", "01900000-0000-7000-8000-0000000000ff")
        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            # Refusals are counted by address.
            "client": (f"192.0.2.{number}", 1000), "server": ("server", 80),
            "headers": [(b"host", b"server"), (b"content-length", b"1000000")],
        }  # fmt: skip
        await app(scope, unread, send)
        assert sent[0]["status"] in (401, 403, 404), route.path


async def test_refusals_are_counted_by_kind_of_credential(
    services: Services, client: httpx2.AsyncClient, mine: Caller
) -> None:
    await client.get(KEYS)
    await client.get("/v2/inbox/x")
    await client.get("/v2/inbox/y")
    await client.get("/metrics")
    await mine.get("getKeys")
    text = services.metrics.render().decode()
    for kind, count in (("key", 1.0), ("inbox_token", 2.0), ("metrics_token", 1.0)):
        assert f'looply_http_refused_credentials_total{{kind="{kind}"}} {count}' in text


async def test_refusals_are_logged_once_a_minute_and_address(
    services: Services, tmp_path: Path, clock: FakeClock
) -> None:
    with structlog.testing.capture_logs() as logged:
        async with calling(services, tmp_path) as client:
            await statuses(client, 10)
            clock.advance(timedelta(seconds=61))
            await statuses(client, 3)
    lines = [line for line in logged if line["event"] == "calls_refused"]
    assert [line["refused_before"] for line in lines] == [0, 10]
    assert {(line["address"], line["route"], line["kind"]) for line in lines} == {("192.0.2.1", KEYS, "key")}


def outcome(refusals: RefusalLimiter, address: str) -> str:
    try:
        refusals.record(address, "key", "/x", Forbidden("Forbidden"))
    except (Forbidden, TooManyRefusals) as error:
        return error.code


def ignored(_credential: Credential) -> None:
    """Counts nothing."""


def test_the_memory_for_addresses_is_bounded_and_a_flood_of_addresses_frees_none(clock: Clock) -> None:
    refusals = RefusalLimiter(clock, 2, ignored)
    assert [outcome(refusals, "192.0.2.1") for _ in range(3)][-1] == "RATE_LIMITED"
    for number in range(2 * MAX_ADDRESSES):
        outcome(refusals, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(refusals) <= MAX_ADDRESSES + 1
    assert outcome(refusals, "192.0.2.1") == "RATE_LIMITED"
    assert outcome(refusals, "198.51.100.1") == "RATE_LIMITED"


def test_addresses_of_a_minute_ago_are_forgotten(clock: FakeClock) -> None:
    refusals = RefusalLimiter(clock, 2, ignored)
    for number in range(MAX_ADDRESSES):
        outcome(refusals, f"10.0.{number >> 8}.{number & 255}")
    clock.advance(timedelta(seconds=60))
    assert [outcome(refusals, f"192.0.2.{number}") for number in range(4)] == ["FORBIDDEN"] * 4


async def test_a_call_of_a_key_that_was_refused_starts_nothing(
    services: Services, tmp_path: Path, mine: Caller
) -> None:
    workflow_id = await mine.create(COMPUTING)
    async with calling(services, tmp_path) as client:
        for _ in range(LIMIT + 2):
            await client.post(f"/v2/workflows/triggerworkflow/{workflow_id}", json={})
    assert (await mine.get("getOrganizationExecutions")).json()["count"] == 0
