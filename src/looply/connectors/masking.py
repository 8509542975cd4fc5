"""Masks secrets that went out in what comes back: servers echo headers, and errors quote what they were sent."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from itertools import product
from typing import Final
from urllib.parse import quote, quote_plus

from looply.errors import OperationError
from looply.execution.masking import MASK
from looply.jsontext import Json

MIN_LENGTH: Final = 8
"""Shorter secrets would mask parts of ordinary words; they are masked where they are a whole text or name."""

_APOSTROPHES: Final = ("'", "&#39;", "&#x27;", "&apos;")
_QUOTES: Final = ('"', "&#34;", "&#x22;", "&quot;")


class Masker:
    """Replaces every secret by `***`: within a text from `MIN_LENGTH` characters on, shorter ones as a whole text.

    Found in any letter case are the secret itself and its URL-encoded, base64 (standard and URL-safe, as a whole),
    JSON-escaped and HTML- or XML-escaped forms. Not found are secrets that were cut in parts, turned round or
    encrypted, and short ones within a longer text.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._whole = frozenset(form.casefold() for form in forms)
        # Longest first, so that a form that holds another one is masked as a whole.
        alternatives = sorted((form for form in forms if len(form) >= MIN_LENGTH), key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, alternatives)), re.IGNORECASE) if alternatives else None

    def text(self, text: str) -> str:
        """Returns the text without secrets."""
        if text.casefold() in self._whole:
            return MASK
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def json(self, value: Json) -> Json:
        """Returns the value with the secrets in all strings, numbers and keys masked; equal keys then become one."""
        if not self._whole:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        if value is None or isinstance(value, bool):
            return value
        return MASK if str(value) in self._whole else value

    def output(self, output: Json) -> Json:
        """Returns an operation's output masked. The status of an answer stays, since steps decide by it."""
        masked = self.json(output)
        if isinstance(masked, dict) and "status" in masked:
            return {**masked, "status": output["status"]}
        return masked

    def mask(self, error: OperationError) -> None:
        """Masks the message of an error in place."""
        error.message = self.text(error.message)
        error.args = (error.message,)


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    based = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    return {
        secret,
        secret.lower(),
        secret.upper(),
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        *(form.rstrip("=") for form in based),
        *based,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        *_markup(secret),
    }


def _markup(secret: str) -> Iterable[str]:
    """Yields the secret as HTML and XML write it, with each spelling of the quotes."""
    escaped = html.escape(secret, quote=False)
    for apostrophe, quotes in product(_APOSTROPHES, _QUOTES):
        yield escaped.replace("'", apostrophe).replace('"', quotes)
