"""Masks secrets that went out in what comes back: servers echo headers, and errors quote what they were sent."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from looply.errors import OperationError
from looply.execution.masking import MASK
from looply.jsontext import Json

# Shorter ones would mask ordinary words; credentials of fewer characters cannot be protected by a search.
MIN_LENGTH = 8


class Masker:
    """Replaces every secret of at least `MIN_LENGTH` characters by `***`.

    Found are the secret itself and its URL-encoded, base64 (standard and URL-safe, as a whole) and JSON-escaped
    forms. Not found are secrets that were cut in parts, turned round or encrypted.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= MIN_LENGTH for form in _forms(secret)}
        # Longest first, so that a form that holds another one is masked as a whole.
        alternatives = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(re.escape(form) for form in alternatives)) if forms else None

    def text(self, text: str) -> str:
        """Returns the text without secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def json(self, value: Json) -> Json:
        """Returns the value with the secrets in all strings and keys masked; equal keys after that become one."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        return value

    def mask(self, error: OperationError) -> None:
        """Masks the message of an error in place."""
        error.message = self.text(error.message)
        error.args = (error.message,)


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    encoded = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    based = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    return {
        secret,
        *encoded,
        *(re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), form) for form in encoded),
        *(form.rstrip("=") for form in based),
        *based,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
