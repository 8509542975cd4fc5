"""ID tokens: which are refused, and the person that a valid one names."""

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from looply.app.openid.flow import SignInFailed
from looply.app.openid.tokens import Identity, Terms, UnknownKey, identity_of, read_id_token
from looply.setting_values.sign_in_providers import ProviderSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://id.example.com/realms/main"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = KeySet([KEY])
TERMS = Terms(issuer=ISSUER, client_id="looply", nonce="n" * 43, access_token=None)
PROVIDER = ProviderSettings(id="keycloak", label="Keycloak", issuer=ISSUER, client_id="looply")
ENTRA = ProviderSettings(id="entra", label="Entra", issuer=ISSUER, client_id="looply", tenant="tenant-1")
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "person-1",
    "aud": "looply",
    "exp": SECONDS + 300,
    "iat": SECONDS,
    "nonce": "n" * 43,
    "email": "anna@example.com",
}
LEFT_OUT = object()


def claims(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (CLAIMS | changes).items() if value is not LEFT_OUT}


def signed(key: Any = KEY, alg: str = "RS256", kid: str = "one", **changes: Any) -> str:
    return jwt.encode({"alg": alg, "kid": kid}, claims(**changes), key, algorithms=[alg])


def unsigned(alg: str = "none") -> str:
    parts = ({"alg": alg, "typ": "JWT"}, CLAIMS)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def signed_with_the_public_key() -> str:
    """Returns a token whose signature a careless reader would check with the public key as a shared secret."""
    begin = unsigned("HS256")[:-1]
    digest = hmac.digest(KEY.as_pem(private=False), begin.encode(), "sha256")
    return f"{begin}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def person(provider: ProviderSettings = PROVIDER, **changes: Any) -> Identity:
    return identity_of(provider, read_id_token(signed(**changes), KEYS, TERMS, NOW))


def test_a_valid_token_names_a_person() -> None:
    found = person(email_verified=True, name=" Anna \u0007Berg ", groups=["a", "b", "a", 1])
    assert found == Identity(
        issuer=ISSUER,
        subject="person-1",
        email="anna@example.com",
        is_email_proved=True,
        name="Anna Berg",
        groups=("a", "b"),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "other"},
        {"nonce": LEFT_OUT},
        {"iss": "https://evil.example"},
        {"iss": LEFT_OUT},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": ["looply", "other"]},
        {"aud": ["looply", "other"], "azp": "other"},
        {"aud": LEFT_OUT},
        {"azp": "other"},
        {"exp": SECONDS - 61},
        {"exp": LEFT_OUT},
        {"exp": "tomorrow"},
        {"iat": SECONDS + 3600},
        {"nbf": SECONDS + 3600},
        {"sub": LEFT_OUT},
        {"sub": 7},
        {"sub": ""},
        {"email": 7},
        {"at_hash": 7},
        {"aud": {"looply": 1}},
    ],
)
def test_a_token_for_another_purpose_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        person(**changes)


@pytest.mark.parametrize(
    "token",
    [
        unsigned(),
        unsigned("None"),
        signed(OTHER_KEY),
        signed_with_the_public_key(),
        signed()[:-8] + "AAAAAAAA",
        "",
        "a.b.c",
        "x" * 100_000,
        "\u00e9.\u00e9.\u00e9",
    ],
    ids=["none", "None", "another key", "the public key as a secret", "changed", "empty", "noise", "long", "letters"],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        read_id_token(token, KEYS, TERMS, NOW)


def test_an_access_token_that_was_exchanged_is_refused() -> None:
    terms = Terms(issuer=ISSUER, client_id="looply", nonce="n" * 43, access_token="another")
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        read_id_token(signed(at_hash="77QmUPtjPfzWtF2AnpK9RQ"), KEYS, terms, NOW)


def test_an_unknown_key_is_a_case_of_its_own_since_the_provider_may_have_a_new_one() -> None:
    with pytest.raises(UnknownKey):
        read_id_token(signed(kid="two"), KEYS, TERMS, NOW)


def test_clocks_may_differ_by_a_minute() -> None:
    assert person(exp=SECONDS - 30).subject == "person-1"
    assert person(iat=SECONDS + 30).subject == "person-1"


@pytest.mark.parametrize("value", [False, "false", "no", ""])
def test_an_address_that_the_provider_calls_unverified_is_refused(value: Any) -> None:
    for provider, more in ((PROVIDER, {}), (ENTRA, {"tid": "tenant-1", "oid": "object-1"})):
        with pytest.raises(SignInFailed, match="EMAIL_NOT_VERIFIED"):
            person(provider, email_verified=value, **more)


@pytest.mark.parametrize(("value", "is_proved"), [(True, True), ("true", True), (LEFT_OUT, False), (None, False)])
def test_an_address_is_proved_when_the_provider_says_so(value: Any, is_proved: bool) -> None:
    assert person(email_verified=value).is_email_proved is is_proved


def test_a_tenant_names_people_by_its_own_ids_and_vouches_for_their_addresses() -> None:
    found = person(ENTRA, tid="tenant-1", oid="object-1", email=LEFT_OUT, preferred_username="anna@example.com")
    assert (found.issuer, found.subject, found.email) == ("tenant-1", "object-1", "anna@example.com")
    assert found.is_email_proved


@pytest.mark.parametrize("tid", ["tenant-2", LEFT_OUT, "", "TENANT-1"])
def test_another_tenant_is_refused(tid: Any) -> None:
    with pytest.raises(SignInFailed, match="FOREIGN_TENANT"):
        person(ENTRA, tid=tid, oid="object-1")


@pytest.mark.parametrize(("claim", "value"), [("oid", LEFT_OUT), ("oid", "")])
def test_a_person_without_an_id_of_the_tenant_is_refused(claim: str, value: Any) -> None:
    with pytest.raises(SignInFailed, match="PROVIDER_ANSWER_INVALID"):
        person(ENTRA, tid="tenant-1", **{claim: value})


@pytest.mark.parametrize("email", ["", "anna", "Anna <anna@example.com>", "a@b, c@d", LEFT_OUT])
def test_what_is_no_plain_address_is_none(email: Any) -> None:
    found = person(email=email, email_verified=True)
    assert (found.email, found.is_email_proved) == (None, False)


@pytest.mark.parametrize(("given", "expected"), [([], ()), (LEFT_OUT, None), ("all", None), (["x"] * 5000, ("x",))])
def test_groups_are_a_list_or_unknown(given: Any, expected: Any) -> None:
    assert person(groups=given).groups == expected
