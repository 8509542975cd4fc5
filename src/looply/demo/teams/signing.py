"""Tokens of the simulator, signed by the primitives of `cryptography`: another code than ours makes them."""

import base64
import hmac
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@cache
def private_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001 - the cache has it
    """Returns a key of the process by its name; making one takes a while."""
    return rsa.generate_private_key(65537, bits)


def base64url(content: bytes) -> str:
    """Returns bytes in base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@dataclass
class Key:
    """A key of the issuer of activities: its id, and the channels that it is endorsed for."""

    kid: str
    endorsements: list[str] | None = field(default_factory=lambda: ["msteams"])
    bits: int = 2048

    def public(self) -> dict[str, Any]:
        """Returns the key as the issuer publishes it."""
        numbers = private_key(self.kid, self.bits).public_key().public_numbers()
        shown = {"kty": "RSA", "use": "sig", "kid": self.kid, "n": _number(numbers.n), "e": _number(numbers.e)}
        return shown if self.endorsements is None else {**shown, "endorsements": self.endorsements}

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None, *, by: str = "") -> str:
        """Returns a token; `by` names another key that signs in the place of this one."""
        shown = {"typ": "JWT", "alg": "RS256", "kid": self.kid, **(header or {})}
        begin = f"{base64url(json.dumps(shown).encode())}.{base64url(json.dumps(claims).encode())}"
        key = private_key(by or self.kid, 2048 if by else self.bits)
        return f"{begin}.{base64url(key.sign(begin.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def sign_with_public_part(self, claims: dict[str, Any]) -> str:
        """Returns a token whose signature a careless reader would check with the public key as a shared secret."""
        header = {"alg": "HS256", "kid": self.kid}
        begin = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"
        pem = private_key(self.kid, self.bits).public_key()
        secret = pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"{begin}.{base64url(hmac.digest(secret, begin.encode(), 'sha256'))}"


def without_signature(claims: dict[str, Any], kid: str, signature: str = "") -> str:
    """Returns a token with the algorithm `none`."""
    parts = (base64url(json.dumps(each).encode()) for each in ({"alg": "none", "kid": kid}, claims))
    return ".".join([*parts, signature])
