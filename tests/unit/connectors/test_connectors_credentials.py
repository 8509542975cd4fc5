"""What a process remembers of other systems: shared work, tokens, refused logons; and tokens of OAuth."""

import asyncio
from typing import Any

import httpx2
import pytest

from looply.connectors.credentials.logons import MOST_FAILURES, Logons, MemoryLedger
from looply.connectors.credentials.single_flight import SingleFlight
from looply.connectors.credentials.tokens import Issued, TokenCache
from looply.connectors.oauth.client_credentials import MAX_TOKEN_CHARACTERS, ClientGrant, client_token, read_token
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpResponse
from looply.connectors.sap.connector import CONNECTOR
from looply.errors import AuthFailed, OperationError, Rejected, StoreUnreachable, Unavailable

SECRET = "hunter2-hunter2"
GRANT = ClientGrant(
    url=parse_url("https://auth.example/oauth/token?sap-client=100"),
    client_id="looply",
    client_secret=SECRET,
    scope="API",
    connection="S4",
)


class Held:
    """Work that ends when a test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.release = asyncio.Event()
        self.error: Exception | None = None

    async def work(self) -> int:
        self.begun += 1
        await self.release.wait()
        if self.error is not None:
            raise self.error
        return self.begun


async def started(flights: SingleFlight[int], held: Held, number: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.ensure_future(flights.share(b"k", held.work)) for _ in range(number)]
    await asyncio.sleep(0)
    return tasks


async def test_equal_work_is_done_once_and_again_when_it_is_requested_later() -> None:
    flights, held = SingleFlight[int](), Held()
    tasks = await started(flights, held, 24)
    held.release.set()
    assert set(await asyncio.gather(*tasks)) == {1}
    assert await flights.share(b"k", held.work) == 2


async def test_an_error_of_the_other_system_is_shared() -> None:
    flights, held = SingleFlight[int](), Held()
    held.error = Unavailable("no")
    tasks = await started(flights, held, 3)
    held.release.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [held.error] * 3
    assert held.begun == 1


async def test_work_that_is_abandoned_is_done_by_the_next() -> None:
    flights, held = SingleFlight[int](), Held()
    first, second, third = await started(flights, held, 3)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    held.release.set()
    assert await asyncio.gather(second, third) == [2, 2]
    assert first.cancelled()


async def test_a_waiting_caller_may_leave_without_ending_the_work() -> None:
    flights, held = SingleFlight[int](), Held()
    first, second = await started(flights, held, 2)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    held.release.set()
    assert await first == 1


async def test_a_token_is_replaced_after_four_fifths_of_its_life(clock: Any) -> None:
    cache, issued = TokenCache(clock), iter(range(9))

    async def fetch() -> Issued:
        return Issued(f"token-{next(issued)}", 100)

    assert await cache.get(b"k", fetch) == "token-0"
    clock.seconds += 79
    assert await cache.get(b"k", fetch) == "token-0"
    clock.seconds += 1
    assert await cache.get(b"k", fetch) == "token-1"
    cache.drop(b"k", "token-0")
    assert await cache.get(b"k", fetch) == "token-1"
    cache.drop(b"k", "token-1")
    assert await cache.get(b"k", fetch) == "token-2"


async def test_a_token_that_lives_is_used_while_its_server_is_down(clock: Any) -> None:
    cache = TokenCache(clock)

    async def fetch() -> Issued:
        return Issued("token", 100)

    async def down() -> Issued:
        raise Unavailable("down")

    await cache.get(b"k", fetch)
    clock.seconds += 90
    assert await cache.get(b"k", down) == "token"
    clock.seconds += 10
    with pytest.raises(Unavailable):
        await cache.get(b"k", down)


async def test_no_more_logons_are_under_way_than_tries_are_left() -> None:
    logons, release, under_way = Logons(), asyncio.Event(), 0

    async def attempt() -> str:
        nonlocal under_way
        async with logons.attempt(b"k", "S4") as tried:
            under_way += 1
            await release.wait()
            tried.is_accepted = False
        return "tried"

    tasks = [asyncio.ensure_future(attempt()) for _ in range(10)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert under_way == MOST_FAILURES
    release.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert (ends.count("tried"), sum(isinstance(end, AuthFailed) for end in ends)) == (MOST_FAILURES, 7)


async def test_a_test_is_tried_and_its_success_begins_again() -> None:
    logons = Logons()
    for _ in range(MOST_FAILURES):
        async with logons.attempt(b"k", "S4") as tried:
            tried.is_accepted = False
    with pytest.raises(AuthFailed, match="no more are tried"):
        async with logons.attempt(b"k", "S4"):
            raise AssertionError("it was tried")
    async with logons.attempt(b"k", "S4", is_test=True) as tried:
        tried.is_accepted = True
    async with logons.attempt(b"k", "S4") as tried:
        pass


async def test_processes_that_share_a_ledger_share_the_tries_that_are_left() -> None:
    ledger, release, under_way = MemoryLedger(), asyncio.Event(), 0

    async def attempt(logons: Logons) -> None:
        nonlocal under_way
        async with logons.attempt(b"k", "S4") as tried:
            under_way += 1
            await release.wait()
            tried.is_accepted = False

    tasks = [asyncio.ensure_future(attempt(logons)) for logons in (Logons(ledger), Logons(ledger)) for _ in range(5)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert under_way == MOST_FAILURES
    release.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(end, AuthFailed) for end in ends) == 10 - MOST_FAILURES


async def test_a_ledger_that_cannot_be_written_loses_no_outcome_of_a_call() -> None:
    class Broken(MemoryLedger):
        async def settle(self, key: bytes, ticket: str, *, is_accepted: bool | None) -> None:
            raise StoreUnreachable("the database does not answer")

    async with Logons(Broken()).attempt(b"k", "S4") as tried:
        tried.is_accepted = True


def answer(status: int = 200, body: Any = None, **headers: str) -> HttpResponse:
    response = httpx2.Response(status, json=body) if not isinstance(body, str) else httpx2.Response(status, text=body)
    kinds = {"content-type": response.headers["content-type"], **headers}
    return HttpResponse(status=status, reason="", headers=tuple(kinds.items()), content=response.content)


GOOD = {"access_token": "abc.def", "token_type": "Bearer", "expires_in": 3600}


def test_a_token_is_read() -> None:
    assert read_token(answer(body=GOOD), GRANT) == Issued("abc.def", 3600.0)
    assert read_token(answer(body={**GOOD, "expires_in": "60", "token_type": "bearer"}), GRANT).seconds == 60
    assert "abc.def" not in repr(read_token(answer(body=GOOD), GRANT))


@pytest.mark.parametrize(
    ("response", "error", "says"),
    [
        (answer(body={**GOOD, "token_type": "mac"}), Rejected, "not `bearer`"),
        (answer(body={**GOOD, "token_type": None}), Rejected, "not `bearer`"),
        (answer(body={**GOOD, "access_token": ["a"]}), Rejected, "access_token"),
        (answer(body={**GOOD, "access_token": "a b\r\nx: y"}), Rejected, "access_token"),
        (answer(body={**GOOD, "access_token": "a" * (MAX_TOKEN_CHARACTERS + 1)}), Rejected, "access_token"),
        (answer(body={"access_token": "abc", "token_type": "Bearer"}), Rejected, "expires_in"),
        (answer(body={**GOOD, "expires_in": "soon"}), Rejected, "expires_in"),
        (answer(body={**GOOD, "expires_in": 0}), Rejected, "expires_in"),
        (answer(body={**GOOD, "expires_in": True}), Rejected, "expires_in"),
        (answer(body={**GOOD, "expires_in": 10**12}), Rejected, "expires_in"),
        (answer(body={**GOOD, "more": "x" * 200_000}), Rejected, "no JSON object"),
        (answer(body=[GOOD]), Rejected, "no JSON object"),
        (answer(body="{"), Rejected, "no JSON object"),
        (answer(body="<html>Logon</html>", **{"content-type": "text/html"}), Rejected, "HTML"),
        (answer(302, ""), Rejected, "302"),
        (answer(400, {"error": "invalid_scope", "error_description": SECRET}), Rejected, "invalid_scope"),
        (answer(400, {"error": "invalid_client"}), AuthFailed, "invalid_client"),
        (answer(401, ""), AuthFailed, "401"),
        (answer(400, {"error": f"x {SECRET}"}), Rejected, "400"),
        (answer(429, ""), Unavailable, "429"),
        (answer(500, ""), Unavailable, "500"),
    ],
)
def test_an_answer_that_is_no_token_is_a_clear_error(
    response: HttpResponse, error: type[OperationError], says: str
) -> None:
    with pytest.raises(error) as caught:
        read_token(response, GRANT)
    assert says in caught.value.message
    assert "S4" in caught.value.message
    assert "auth.example:443" in caught.value.message
    assert not {SECRET, "abc.def"} & set(caught.value.message.split())
    assert SECRET not in caught.value.message


async def test_24_calls_share_one_token(wiring: Any) -> None:
    wiring.answer(httpx2.Response(200, json=GOOD))
    context = wiring.context()
    assert set(await asyncio.gather(*[client_token(context, GRANT) for _ in range(24)])) == {"abc.def"}
    (request,) = wiring.requests
    assert request.content == b"grant_type=client_credentials&scope=API"
    assert request.headers["authorization"].startswith("Basic ")


async def test_a_client_that_is_refused_three_times_is_not_tried_again(wiring: Any) -> None:
    wiring.answer(*[httpx2.Response(401) for _ in range(9)])
    context = wiring.context()
    for _ in range(5):
        with pytest.raises(AuthFailed) as caught:
            await client_token(context, GRANT)
        assert not caught.value.sent
    assert (len(wiring.requests), caught.value.code) == (3, "LOGON_STOPPED")


@pytest.fixture
def oauth(wiring: Any) -> Any:
    settings = {
        "base_url": "https://s4.example",
        "auth": "oauth_client",
        "token_url": "https://auth.example/token",
        "client_id": "looply",
    }
    wiring.add("S4", "sap", settings, {"client_secret": SECRET})
    return wiring


async def read(wiring: Any, context: Any) -> dict[str, Any]:
    given = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A"}
    output: dict[str, Any] = await CONNECTOR.operations[0].perform(context, given)
    return output


async def test_a_token_that_ended_early_is_replaced_once(oauth: Any) -> None:
    ended = httpx2.Response(401, headers={"www-authenticate": 'Bearer realm="x", error="invalid_token"'})
    second = {**GOOD, "access_token": "second-token"}
    oauth.answer(
        httpx2.Response(200, json=GOOD), ended, httpx2.Response(200, json=second), httpx2.Response(200, text="abc.def")
    )
    output = await read(oauth, oauth.context())
    assert (output["status"], output["data"]) == ("200", "***")
    sent = [request.headers["authorization"] for request in oauth.requests]
    assert (sent[1], sent[3]) == ("Bearer abc.def", "Bearer second-token")


@pytest.mark.parametrize(
    "lie",
    [
        httpx2.Response(302, headers={"location": "https://elsewhere.example/token"}),
        httpx2.Response(200, html="<html>Logon</html>"),
        httpx2.Response(200, json={**GOOD, "access_token": "a b\r\nx: y"}),
        httpx2.Response(200, json={**GOOD, "token_type": "mac"}),
        httpx2.Response(200, content=b'{"access_token": "abc', headers={"content-type": "application/json"}),
    ],
    ids=["redirect", "page", "token of two lines", "another type", "cut"],
)
async def test_a_token_server_that_lies_sends_no_call_and_no_secret_anywhere(lie: httpx2.Response, oauth: Any) -> None:
    oauth.answer(lie)
    with pytest.raises(Rejected) as caught:
        await read(oauth, oauth.context())
    assert (caught.value.code, caught.value.sent) == ("BAD_TOKEN_ANSWER", False)
    assert [request.url.host for request in oauth.requests] == ["auth.example"]


@pytest.mark.parametrize(
    ("token_url", "is_of_connection"),
    [("https://auth.example/oauth/token", True), ("https://s4.example/sap/bc/sec/oauth2/token", False)],
)
@pytest.mark.parametrize("answer", [httpx2.Response(503), httpx2.ConnectError("refused")])
async def test_a_token_server_that_is_down_is_a_fault_of_the_connection(
    token_url: str, is_of_connection: bool, answer: Any, wiring: Any
) -> None:
    settings = {"base_url": "https://s4.example", "auth": "oauth_client", "token_url": token_url, "client_id": "looply"}
    wiring.add("S4", "sap", settings, {"client_secret": SECRET})
    wiring.answer(answer)
    with pytest.raises(Unavailable) as caught:
        await read(wiring, wiring.context())
    # The system itself may have issued the token; elsewhere it says nothing of the system.
    found = (caught.value.kind, caught.value.sent, caught.value.is_of_connection)
    assert found == ("down", False, is_of_connection)


async def test_a_second_refusal_of_the_token_is_the_output_and_the_secrets_are_masked(oauth: Any) -> None:
    ended = httpx2.Response(
        401, headers={"www-authenticate": 'Bearer error="invalid_token"'}, text=f"{SECRET} t-longer"
    )
    tokens = [httpx2.Response(200, json={**GOOD, "access_token": "t-longer"}) for _ in range(2)]
    oauth.answer(tokens[0], ended, tokens[1], ended)
    output = await read(oauth, oauth.context())
    assert (output["status"], output["data"]) == ("401", "*** ***")


def test_the_secrets_of_a_token_are_bound_to_its_server() -> None:
    (kind,) = CONNECTOR.connection_kinds
    assert kind.binding is not None
    settings = {"base_url": "https://s4.example", "auth": "oauth_client", "token_url": "https://a.example/t"}
    binding = kind.binding({**settings, "client_id": "c"})
    assert binding.targets == {("https", "s4.example", 443), ("https", "a.example", 443)}
    assert binding != kind.binding({**settings, "client_id": "c", "token_url": "https://a.example/u"})
    problems = kind.problems({"base_url": "https://s4.example", "auth": "oauth_client"}, {})
    assert [problem.path for problem in problems] == [
        "/settings/token_url",
        "/settings/client_id",
        "/secrets/client_secret",
    ]


async def test_an_api_key_goes_into_its_header(wiring: Any) -> None:
    wiring.add("S4", "sap", {"base_url": "https://s4.example", "auth": "api_key"}, {"api_key": "the-key-of-S4"})
    wiring.answer(httpx2.Response(200, text="the-key-of-S4"))
    output = await read(wiring, wiring.context())
    assert (wiring.requests[0].headers["apikey"], output["data"]) == ("the-key-of-S4", "***")
