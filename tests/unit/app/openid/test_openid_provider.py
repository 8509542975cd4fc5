"""The conversation with a provider: what is read once, what again, and what a provider may not say."""

from base64 import b64encode
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from msgspec.structs import replace

from kit.memory.mock_transport import MockTransport
from looply.app.openid.flow import SignInFailed, begin_flow
from looply.app.openid.provider import CACHE_SECONDS, KEYS_SECONDS, Provider
from looply.app.openid.tokens import Identity
from looply.connectors.client import HttpClient
from looply.setting_values.sign_in_providers import ProviderSettings
from looply.testing.clock import FakeClock

ISSUER = "https://id.example.com/realms/main"
SETTINGS = ProviderSettings(
    id="keycloak", label="Keycloak", issuer=ISSUER, client_id="looply", client_secret="a secret: 100 %"
)
BACK = "https://looply.example.com/v2/session/callback"
OLD, NEW = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("old", "new"))


class FakeProvider:
    """Answers as a provider does, and counts the calls by the last part of their path."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.calls: Counter[str] = Counter()
        self.key = OLD
        self.answers: dict[str, httpx2.Response] = {}
        self.metadata: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/auth",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/certs",
        }
        self.form: dict[str, list[str]] = {}
        self.authorization: str | None = None
        self.provider = self.with_settings(SETTINGS)
        self.flow = begin_flow(secret="s" * 64, provider_id="keycloak", to="/", invitation="", now=self.clock.now())

    def with_settings(self, settings: ProviderSettings) -> Provider:
        return Provider(settings, HttpClient(MockTransport(self.answer)), self.clock)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        name = request.url.path.rpartition("/")[2]
        self.calls[name] += 1
        if name in self.answers:
            return self.answers[name]
        if name == "openid-configuration":
            return httpx2.Response(200, json=self.metadata)
        if name == "certs":
            return httpx2.Response(200, json=KeySet([self.key]).as_dict())
        self.form = parse_qs(request.read().decode())
        self.authorization = request.headers.get("authorization")
        return httpx2.Response(200, json={"id_token": self.token(), "token_type": "Bearer"})

    def token(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {"iss": ISSUER, "sub": "1", "aud": "looply", "iat": now, "exp": now + 60, "nonce": self.flow.nonce}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    async def finish(self, provider: Provider | None = None) -> Identity:
        return await (provider or self.provider).finish(self.flow, "code", BACK)


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


async def test_description_and_keys_are_read_once_an_hour(fake: FakeProvider) -> None:
    for _ in range(3):
        assert (await fake.finish()).subject == "1"
    assert (fake.calls["openid-configuration"], fake.calls["certs"]) == (1, 1)
    fake.clock.advance(timedelta(seconds=CACHE_SECONDS))
    await fake.finish()
    assert (fake.calls["openid-configuration"], fake.calls["certs"]) == (2, 2)


async def test_keys_are_read_again_for_an_unknown_one_at_most_once_a_minute(fake: FakeProvider) -> None:
    await fake.finish()
    fake.key = NEW
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        await fake.finish()
    assert fake.calls["certs"] == 1
    fake.clock.advance(timedelta(seconds=KEYS_SECONDS))
    assert (await fake.finish()).subject == "1"
    assert fake.calls["certs"] == 2


async def test_the_code_is_exchanged_with_the_verifier_and_the_secret(fake: FakeProvider) -> None:
    await fake.finish()
    pair = b64encode(b"looply:a+secret%3A+100+%25").decode()
    assert fake.authorization == f"Basic {pair}"
    expected = {"grant_type": "authorization_code", "code": "code", "redirect_uri": BACK}
    assert fake.form == {name: [text] for name, text in {**expected, "code_verifier": fake.flow.verifier}.items()}


async def test_the_secret_goes_into_the_form_where_the_provider_takes_it_there(fake: FakeProvider) -> None:
    fake.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await fake.finish()
    assert (fake.authorization, fake.form["client_secret"]) == (None, ["a secret: 100 %"])


async def test_a_public_client_has_no_secret(fake: FakeProvider) -> None:
    await fake.finish(fake.with_settings(replace(SETTINGS, client_secret="")))
    assert (fake.authorization, fake.form["client_id"]) == (None, ["looply"])
    assert "client_secret" not in fake.form


@pytest.mark.parametrize(
    ("name", "answer", "code"),
    [
        ("openid-configuration", httpx2.Response(503), "PROVIDER_UNREACHABLE"),
        ("openid-configuration", httpx2.Response(404), "PROVIDER_UNREACHABLE"),
        ("openid-configuration", httpx2.Response(302, headers={"location": "/"}), "PROVIDER_UNREACHABLE"),
        ("openid-configuration", httpx2.Response(200, text="<html>"), "PROVIDER_ANSWER_INVALID"),
        ("openid-configuration", httpx2.Response(200, json=[]), "PROVIDER_ANSWER_INVALID"),
        ("certs", httpx2.Response(200, json={}), "PROVIDER_ANSWER_INVALID"),
        ("certs", httpx2.Response(200, json={"keys": []}), "PROVIDER_ANSWER_INVALID"),
        ("certs", httpx2.Response(200, json={"keys": [{"kty": "RSA", "n": 7}]}), "PROVIDER_ANSWER_INVALID"),
        ("certs", httpx2.Response(200, json={"keys": "none"}), "PROVIDER_ANSWER_INVALID"),
        ("certs", httpx2.Response(500), "PROVIDER_UNREACHABLE"),
        ("token", httpx2.Response(400, json={"error": "invalid_grant"}), "PROVIDER_REFUSED"),
        ("token", httpx2.Response(502), "PROVIDER_UNREACHABLE"),
        ("token", httpx2.Response(200, json={"access_token": "x"}), "PROVIDER_ANSWER_INVALID"),
        ("token", httpx2.Response(200, json={"id_token": 7}), "PROVIDER_ANSWER_INVALID"),
        ("token", httpx2.Response(200, json={"id_token": "x"}), "PROVIDER_ANSWER_INVALID"),
    ],
)
async def test_a_provider_that_answers_otherwise_is_a_reason(
    fake: FakeProvider, name: str, answer: httpx2.Response, code: str
) -> None:
    fake.answers[name] = answer
    with pytest.raises(SignInFailed, match=code):
        await fake.finish()
    # What was wrong is not kept.
    fake.answers = {}
    assert (await fake.finish()).subject == "1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://evil.example"),
        ("issuer", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        ("authorization_endpoint", "http://id.example.com/auth"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("token_endpoint", "http://id.example.com/token"),
        ("jwks_uri", "file:///etc/passwd"),
    ],
)
async def test_a_description_with_addresses_of_another_kind_is_refused(
    fake: FakeProvider, name: str, value: str
) -> None:
    fake.metadata[name] = value
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        await fake.provider.begin(fake.flow, BACK)
