"""A change by a cookie is accepted from pages of this server alone, on connections on which a cookie may be used."""

from collections.abc import Callable

import httpx2
import pytest
from people_kit import COOKIE, PASSWORD, Browser
from server_kit import PUBLIC_URL, Caller

from looply.server.http.boundary import Boundary

BODY = {"preferences": {}}
PATH = "/v2/session/putPreferences"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-looply-csrf": ""},
        {"x-looply-csrf": "x" * 43},
        {"x-looply-csrf": "gr\u00fcn"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"{PUBLIC_URL}.evil.example"},
        {"origin": PUBLIC_URL.replace("https", "http")},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
async def test_a_change_that_no_page_of_the_server_made_is_refused(owner: Browser, headers: dict[str, str]) -> None:
    given = {name: value.encode("utf-8") for name, value in owner.headers(headers).items()}
    answer = await owner.client.post(PATH, json=BODY, headers=given)
    assert (answer.status_code, answer.json()["code"]) == (403, "CSRF")
    assert (await owner.get("getPreferences")).json()["preferences"] == {}


async def test_a_stolen_cookie_alone_changes_nothing(owner: Browser) -> None:
    answer = await owner.client.post(PATH, json=BODY, headers={"cookie": owner.cookie})
    assert (answer.status_code, answer.json()["code"]) == (403, "CSRF")


async def test_a_sign_in_that_another_site_makes_is_refused(owner: Browser, browsers: Callable[[], Browser]) -> None:
    body = {"email": "owner@example.com", "password": PASSWORD}
    answer = await browsers().post("signIn", body, {"origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "CSRF")
    assert "set-cookie" not in answer.headers


async def test_a_call_with_a_key_and_a_cookie_is_refused(owner: Browser, mine: Caller) -> None:
    headers = owner.headers({"x-api-key": mine.key})
    answer = await owner.client.get("/v2/workflows/getKeys", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "TWO_CREDENTIALS")


async def test_two_cookies_are_refused(owner: Browser) -> None:
    headers = owner.headers({"cookie": f"{owner.cookie}; {owner.cookie}"})
    answer = await owner.client.get("/v2/session/get", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "TWO_CREDENTIALS")


@pytest.mark.parametrize("value", ["", "x", "x" * 43, "x" * 10_000, "\u00fc" * 43])
async def test_a_wrong_cookie_is_no_session(owner: Browser, value: str) -> None:
    headers = {"cookie": f"{COOKIE}={value}".encode()}
    answer = await owner.client.get("/v2/session/get", headers=headers)
    assert answer.status_code == 401


async def test_other_cookies_are_ignored(owner: Browser) -> None:
    headers = owner.headers({"cookie": f"theme=dark; {owner.cookie}; looply=x; a"})
    assert (await owner.client.get("/v2/session/get", headers=headers)).status_code == 200


async def test_a_call_of_the_web_app_is_401_and_another_one_403_without_a_session(
    browsers: Callable[[], Browser],
) -> None:
    browser = browsers()
    browser.cookie = f"{COOKIE}={'x' * 43}"
    assert (await browser.get("getKeys")).status_code == 401
    headers = {"cookie": browser.cookie}
    answer = await browser.client.get("/v2/workflows/getKeys", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    ("base", "status"), [("http://server", 403), ("http://127.0.0.1:8080", 200), ("http://localhost", 200)]
)
async def test_people_sign_in_without_encryption_on_the_machine_itself_only(
    app: Boundary, owner: Browser, base: str, status: int
) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=base) as client:
        body = {"email": "owner@example.com", "password": PASSWORD}
        answer = await client.post("/v2/session/signIn", json=body)
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json()["code"] == "INSECURE_CONNECTION"
            return
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("looply=")
        assert "Secure" not in cookie
        found = await client.get("/v2/session/get", headers={"cookie": cookie.partition(";")[0]})
        assert found.status_code == 200


async def test_the_cookie_of_an_encrypted_connection_is_no_session_on_another_one(
    app: Boundary, owner: Browser
) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        for name in (COOKIE, "looply"):
            value = owner.cookie.partition("=")[2]
            answer = await client.get("/v2/session/get", headers={"cookie": f"{name}={value}"})
            assert answer.status_code == (200 if name == "looply" else 401)


async def test_a_session_works_under_the_names_of_the_server_alone(owner: Browser, mine: Caller) -> None:
    """A page whose name another site made to resolve to this server would be of the same origin as its pages."""
    headers = owner.headers({"host": "evil.example"})
    answer = await owner.client.get("/v2/session/get", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "FOREIGN_HOST")
    assert "public_url" in answer.json()["message"]
    answer = await owner.client.get("/v2/workflows/getKeys", headers={"x-api-key": mine.key, "host": "evil.example"})
    assert answer.status_code == 200


async def test_a_sign_in_under_another_name_is_refused(owner: Browser, browsers: Callable[[], Browser]) -> None:
    body = {"email": "owner@example.com", "password": PASSWORD}
    answer = await browsers().post("signIn", body, {"host": "evil.example", "origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FOREIGN_HOST")
