"""Random texts of cookies and one-time links: 32 random bytes in base64url. Only their SHA-256 is stored."""

import base64
import hashlib
import re
from typing import Final

from looply.clock import Entropy

_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def new_token(entropy: Entropy) -> str:
    """Returns a token of 43 characters."""
    return base64.urlsafe_b64encode(entropy.token(_BYTES)).rstrip(b"=").decode()


def token_digest(text: str) -> bytes:
    """Returns what is stored of a token: with 256 random bits, a slow hash would add no security."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def is_token(text: str) -> bool:
    """Returns whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None
