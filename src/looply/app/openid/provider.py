"""The conversation with a provider: its description and keys, which are cached, and the exchange of a code."""

import base64
from datetime import timedelta
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus, urlencode

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from looply.app.openid.flow import Flow, SignInFailed
from looply.app.openid.tokens import Identity, Terms, UnknownKey, identity_of, read_id_token
from looply.clock import Clock
from looply.connectors.client import HttpClient
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import HttpRequest, HttpResponse
from looply.errors import OperationError
from looply.setting_values.sign_in_providers import ProviderSettings, is_safe_url

CACHE_SECONDS: Final = 3600.0
"""How long the metadata and the keys of a provider are used."""
KEYS_SECONDS: Final = 60.0
"""Time between two reads of the keys because of a token with an unknown key."""

_TIMEOUT: Final = timedelta(seconds=5)
"""A person waits for it at the page of sign-in."""
_MAX_CODE: Final = 10_000
_WELL_KNOWN: Final = "/.well-known/openid-configuration"

Decoded = TypeVar("Decoded")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's description of itself (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a code. Access and refresh tokens are not stored."""

    id_token: str
    access_token: str | None = None

    def __repr__(self) -> str:
        return "TokenAnswer(id_token='***')"


class Provider:
    """One provider. `client` reaches it; what it says is cached for an hour."""

    def __init__(self, settings: ProviderSettings, client: HttpClient, clock: Clock) -> None:
        self.settings = settings
        self._client = client
        self._clock = clock
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, flow: Flow, redirect_uri: str) -> str:
        """Returns the address at the provider to which the browser of a sign-in goes.

        Raises: SignInFailed (codes `PROVIDER_UNREACHABLE`, `PROVIDER_ANSWER_INVALID`).
        """
        metadata = await self._find_metadata()
        uri: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=" ".join(self.settings.scopes),
            state=flow.state,
            nonce=flow.nonce,
            code_challenge=create_s256_code_challenge(flow.verifier),
            code_challenge_method="S256",
        )
        return uri

    async def finish(self, flow: Flow, code: str, redirect_uri: str) -> Identity:
        """Returns the person whom the provider names for a code.

        Raises: SignInFailed (codes `PROVIDER_UNREACHABLE`, `PROVIDER_REFUSED`, `PROVIDER_ANSWER_INVALID`, and those of
        `identity_of`).
        """
        metadata = await self._find_metadata()
        answer = await self._exchange(metadata, flow, code, redirect_uri)
        terms = Terms(
            issuer=metadata.issuer,
            client_id=self.settings.client_id,
            nonce=flow.nonce,
            access_token=answer.access_token,
        )
        now = self._clock.now()
        try:
            claims = read_id_token(answer.id_token, await self._find_keys(metadata), terms, now)
        except UnknownKey:
            try:
                keys = await self._find_keys(metadata, oldest=KEYS_SECONDS)
                claims = read_id_token(answer.id_token, keys, terms, now)
            except UnknownKey as error:
                raise SignInFailed("PROVIDER_ANSWER_INVALID", f"the ID token is not valid: {error}") from error
        return identity_of(self.settings, claims)

    async def _exchange(self, metadata: Metadata, flow: Flow, code: str, redirect_uri: str) -> TokenAnswer:
        settings = self.settings
        if not 0 < len(code) <= _MAX_CODE:
            raise SignInFailed("PROVIDER_ANSWER_INVALID", "the answer has no code")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        form["code_verifier"] = flow.verifier
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        methods = metadata.token_endpoint_auth_methods_supported
        if settings.client_secret and ("client_secret_basic" in methods or "client_secret_post" not in methods):
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = settings.client_id
            if settings.client_secret:
                form["client_secret"] = settings.client_secret
        response = await self._send("POST", metadata.token_endpoint, headers, urlencode(form).encode())
        if 400 <= response.status < 500:
            raise SignInFailed("PROVIDER_REFUSED", f"the provider refused the code ({response.status})")
        return _decode(response, TokenAnswer)

    async def _find_metadata(self) -> Metadata:
        if self._metadata is not None and self._is_recent(self._metadata[0], CACHE_SECONDS):
            return self._metadata[1]
        response = await self._send("GET", self.settings.issuer.rstrip("/") + _WELL_KNOWN, {})
        metadata = _decode(response, Metadata)
        if metadata.issuer.rstrip("/") != self.settings.issuer.rstrip("/"):
            reason = f"the provider calls itself {metadata.issuer[:200]!r}, the setting issuer says another address"
            raise SignInFailed("PROVIDER_ANSWER_INVALID", reason)
        places = (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
        if not all(map(is_safe_url, places)):
            raise SignInFailed("PROVIDER_ANSWER_INVALID", "an address of the provider is not https")
        self._metadata = self._clock.monotonic(), metadata
        return metadata

    async def _find_keys(self, metadata: Metadata, oldest: float = CACHE_SECONDS) -> KeySet:
        """Returns the keys of the provider, read at most `oldest` seconds ago."""
        if self._keys is not None and self._is_recent(self._keys[0], oldest):
            return self._keys[1]
        given = _decode(await self._send("GET", metadata.jwks_uri, {}), dict[str, Any])
        try:
            keys = KeySet.import_key_set(given)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInFailed("PROVIDER_ANSWER_INVALID", f"the keys cannot be read: {error}") from error
        self._keys = self._clock.monotonic(), keys
        return keys

    def _is_recent(self, read_at: float, seconds: float) -> bool:
        return self._clock.monotonic() - read_at < seconds

    async def _send(self, method: str, url: str, headers: dict[str, str], content: bytes = b"") -> HttpResponse:
        try:
            request = HttpRequest(method=method, url=parse_url(url), headers=headers, content=content)
            response = await self._client.sender(_TIMEOUT, f"provider:{self.settings.id}").send(request)
        except OperationError as error:
            raise SignInFailed("PROVIDER_UNREACHABLE", error.message) from error
        if response.status >= 500 or (method == "GET" and response.status != 200):
            raise SignInFailed("PROVIDER_UNREACHABLE", f"the provider answered {url[:200]} with {response.status}")
        return response


def _decode(response: HttpResponse, kind: type[Decoded]) -> Decoded:
    try:
        return msgspec.json.decode(response.content, type=kind)
    except ValueError as error:
        raise SignInFailed("PROVIDER_ANSWER_INVALID", f"the provider's JSON is not as expected: {error}") from error
