"""Masks the secrets of a request in its output and errors: servers echo headers, and errors quote requests."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from typing import Final
from urllib.parse import quote, quote_plus

from looply.definition.values.pointer import join_pointer
from looply.errors import OperationError
from looply.execution.document.masking import MASK
from looply.jsontext import Json, encode_json

MIN_LENGTH: Final = 8
"""Shorter secrets would mask parts of ordinary words; they are masked where they are a whole text or name."""

_FORMS_PER_PATTERN: Final = 64
"""The most forms that one pattern searches."""
_MAX_COMPARISONS: Final = 1_000_000
"""The budget of comparisons of texts with equal beginnings; a text that exceeds it is masked as a whole."""
_APOSTROPHES: Final = ("'", "&#39;", "&#x27;", "&apos;")
_QUOTES: Final = ('"', "&#34;", "&#x22;", "&quot;")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.~-]+")
"""A secret of these characters alone is the same in URLs, JSON and markup."""
_MARKUP: Final = re.compile(r"[&<>'\"]")
_ESCAPED: Final = re.compile(r'["\\\x00-\x1f\x7f]')
"""Characters that JSON text may have in another form."""


class Masker:
    """Replaces every secret by `***`: within a text from `MIN_LENGTH` characters on, shorter ones as a whole text.

    It finds, in any letter case, the secret itself and its URL-encoded, base64 (standard and URL-safe, as a whole),
    JSON-escaped and HTML- or XML-escaped forms. It does not find secrets that were split, reversed or encrypted, nor
    short ones within a longer text.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {_fold(form) for secret in secrets if secret for form in _forms(secret)}
        self._whole = frozenset(forms)
        self._within = _Search(form for form in forms if len(form) >= MIN_LENGTH)
        self._in_json = _in_json(forms)

    def text(self, text: str) -> str:
        """Returns the text without secrets; `***` alone when the search would take too long."""
        folded = _fold(text)
        if folded in self._whole:
            return MASK
        spans = self._within.spans(folded)
        if spans is None:
            return MASK
        pieces: list[str] = []
        at = 0
        for start, end in spans:
            pieces += (text[at:start], MASK)
            at = end
        return "".join((*pieces, text[at:])) if pieces else text

    def json(self, value: Json) -> Json:
        """Returns the value with the secrets in all strings and keys masked; equal keys after that become one.

        A number is never changed: see `echoes`. A value without any secret is returned itself.
        """
        return self._masked(value) if self._may_be_in(value) else value

    def _may_be_in(self, value: Json) -> bool:
        """Returns whether a secret may be anywhere in a value: one search of its JSON text, where that shows all."""
        if self._in_json is None:
            return True
        if not self._in_json:
            return False
        try:
            text = _fold(encode_json(value).decode())
        except UnicodeError:  # half of a surrogate pair
            return True
        return any(form in text for form in self._in_json)

    def _masked(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self._masked(item) for key, item in value.items()}
        return value

    def echoes(self, value: Json, pointer: str = "") -> Iterator[str]:
        """Yields the JSON Pointers, below `pointer`, of the texts and numbers that are a secret as a whole.

        An object with a name that is a secret yields its own pointer.
        """
        if isinstance(value, dict):
            if any(_fold(name) in self._whole for name in value):
                yield pointer
                return
            for name, item in value.items():
                yield from self.echoes(item, join_pointer(pointer, name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.echoes(item, join_pointer(pointer, index))
        elif value is not None and not isinstance(value, bool) and _fold(str(value)) in self._whole:
            yield pointer

    def output(self, output: Json) -> Json:
        """Returns an operation's output masked. The status of a response is kept, since steps decide by it."""
        if not self._whole:
            return output
        masked = self.json(output)
        if isinstance(masked, dict) and "status" in masked:
            return {**masked, "status": output["status"]}
        return masked

    def mask(self, error: OperationError) -> None:
        """Masks the message of an error in place."""
        error.message = self.text(error.message)
        error.args = (error.message,)


class _Search:
    """Finds texts within another one, the longest first. All are case-folded and have at least `MIN_LENGTH` characters.

    A large number of them is indexed by their first characters, so that the time does not grow with the number.
    """

    def __init__(self, forms: Iterable[str]) -> None:
        # Longest first, so that a form that contains another one is found as a whole.
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._begins: dict[str, dict[int, set[str]]] = {}
        is_few = len(self._forms) <= _FORMS_PER_PATTERN
        self._pattern = re.compile("|".join(map(re.escape, self._forms))) if self._forms and is_few else None
        for form in () if is_few else self._forms:
            self._begins.setdefault(form[:MIN_LENGTH], {}).setdefault(len(form), set()).add(form)

    def spans(self, text: str) -> list[tuple[int, int]] | None:
        """Returns start and end of each match, in order and without overlap; None when it would take too long."""
        if self._pattern is not None:
            return [found.span() for found in self._pattern.finditer(text)]
        found, at, left = [], 0, _MAX_COMPARISONS + len(text)
        while self._begins and at <= len(text) - MIN_LENGTH:
            end = at + 1
            for length, forms in self._begins.get(text[at : at + MIN_LENGTH], {}).items():
                left -= 1 + (length >> 4)
                if left < 0:
                    return None
                if text[at : at + length] in forms:
                    end = at + length
                    found.append((at, end))
                    break
            at = end
        return found


def _fold(text: str) -> str:
    """Returns the text case-folded without a change of its length."""
    return text.replace("\u0130", "i").lower().replace("\u03c2", "\u03c3")


def _in_json(forms: Collection[str]) -> Collection[str] | None:
    """Returns one text for each form that is in the JSON text of every value with the form in it.

    None where the forms are too many to search one after the other, or JSON may write one of them differently.
    """
    if len(forms) > _FORMS_PER_PATTERN or any(_ESCAPED.search(form) for form in forms):
        return None
    return [form if len(form) >= MIN_LENGTH else f'"{form}"' for form in forms]


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    based = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    based |= {form.rstrip("=") for form in based}
    found = {secret, *based}
    if _PLAIN.fullmatch(secret):
        return found
    found |= {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    if "/" in secret or not secret.isprintable() or not secret.isascii() or _ESCAPED.search(secret):
        shown = json.dumps(secret, ensure_ascii=False)[1:-1]
        found |= {json.dumps(secret)[1:-1], shown, shown.replace("/", "\\/")}
    return found.union(_markup(secret)) if _MARKUP.search(secret) else found


def _markup(secret: str) -> Iterable[str]:
    """Yields the secret as HTML and XML write it, with each spelling of the quotes."""
    escaped = html.escape(secret, quote=False)
    apostrophes = _APOSTROPHES if "'" in secret else ("'",)
    double = _QUOTES if '"' in secret else ('"',)
    for apostrophe, quotes in product(apostrophes, double):
        yield escaped.replace("'", apostrophe).replace('"', quotes)


_NOTHING: Final = Masker(())


@lru_cache(maxsize=64)
def credentials_masker(secrets: tuple[str, ...]) -> Masker:
    """Returns a masker of the credentials of a connection, which its calls share: each would make the same one.

    Not for secrets of an execution, which are others each time and are not to be kept.
    """
    return Masker(secrets)


def masker_of(secrets: Sequence[str]) -> Masker:
    """Returns a masker of these secrets; calls without secrets share one that masks nothing."""
    return Masker(secrets) if any(secrets) else _NOTHING
