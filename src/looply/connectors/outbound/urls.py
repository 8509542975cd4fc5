"""URLs of calls: the same parser serves the check and the request, so that they cannot read a URL differently."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin

import httpx2

from looply.decimals import decimal_text
from looply.errors import BadInput
from looply.jsontext import Json

_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?|[0-9a-f:.]+")
# Control characters and blanks are not allowed in a URL, and some parsers read backslashes as slashes.
_REFUSED = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u2060\u3000\ufeff\\]")
DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT = 1024
_SHORT = 64


# The calls of a workflow have the same URLs, and a URL never changes.
@lru_cache(maxsize=_KEPT)
def parse_url(text: str) -> httpx2.URL:
    """Returns an absolute http or https URL in its normal form: host in lower case and ASCII, dots resolved.

    Blanks within the path or query are encoded.

    Raises: BadInput for another scheme, user information, a fragment, control characters, backslashes, and a host
    or port that is not valid. The message shows only the host of the URL, since the rest may contain a secret.
    """
    trimmed = text.strip(" ")
    scheme, separator, _ = trimmed.partition("://")
    if not separator or scheme.lower() not in DEFAULT_PORTS:
        raise BadInput("the URL is not an absolute http:// or https:// URL")
    authority = re.split(r"[/?#]", trimmed[len(scheme) + 3 :], maxsplit=1)[0]
    if _REFUSED.search(authority) or _REFUSED.search(trimmed.replace(" ", "")):
        raise BadInput("the URL has a control character, a blank in its host, or a backslash")
    if "@" in authority:
        raise BadInput("the URL has user information before its host; use `auth` or a connection")
    try:
        # The parser drops the scheme's own port only when the scheme is in lower case.
        url = httpx2.URL(scheme.lower() + trimmed[len(scheme) :])
        readable_host = url.host
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise BadInput("the URL cannot be parsed: its host or port is not valid") from error
    host = url.raw_host.decode("ascii")
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        raise BadInput(f"the URL has the host {readable_host!r}, which is no host name and no address")
    if url.port is not None and not 1 <= url.port <= 65535:
        raise BadInput(f"the URL has the port {url.port}, which is none")
    if "#" in trimmed:
        raise BadInput(f"the URL for {host} has a fragment (#), which is never sent; encode a literal # as %23")
    return url


def with_params(url: httpx2.URL, params: Mapping[str, Json]) -> httpx2.URL:
    """Returns the URL with parameters added to its query in order; a list repeats its name, null is left out.

    Blanks become `%20`, and `$ ' ( ) , : / @` stay as they are, as OData services expect.

    Raises: BadInput for an object as a value.
    """
    pairs = [(name, text) for name, value in params.items() for text in _texts(name, value)]
    if not pairs:
        return url
    return _with_query(url, "&".join(f"{_encode(name)}={_encode(text)}" for name, text in pairs))


@lru_cache(maxsize=_KEPT)
def _with_query(url: httpx2.URL, added: str) -> httpx2.URL:
    query = url.query.decode("ascii")
    return url.copy_with(query=(f"{query}&{added}" if query else added).encode("ascii"))


def plain_text(value: Json) -> str:
    """Returns a scalar as it is written in parameters, headers and forms: `true`, `1.5`, the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def origin(url: httpx2.URL) -> tuple[str, str, int]:
    """Returns scheme, host and port, the port also when it is the scheme's own (RFC 6454)."""
    return url.scheme, url.raw_host.decode("ascii").rstrip("."), port_of(url)


def port_of(url: httpx2.URL) -> int:
    """Returns the port that a request to the URL connects to."""
    return url.port if url.port is not None else DEFAULT_PORTS[url.scheme]


def parse_base_url(text: str) -> httpx2.URL:
    """Returns a connection's base URL. Raises: BadInput as `parse_url` does, and for a query."""
    url = parse_url(text)
    if url.query:
        raise BadInput("the base URL of a connection has a query; give parameters with the call")
    return url


@lru_cache(maxsize=_KEPT)
def join_url(base: httpx2.URL, path: str) -> httpx2.URL:
    """Returns the base URL with `path` (and query) appended to its path; an empty path gives the base URL itself.

    Raises: BadInput for a path that names a host of its own or leads out of the base URL's path, and as `parse_url`.
    """
    if path.startswith("//"):
        raise BadInput("the path starts with //, which would name another host")
    if _leads_out(re.split(r"[?#]", path, maxsplit=1)[0]):
        raise BadInput("the path has .. in it, which would lead out of the connection's base URL")
    if not path:
        return base
    separator = "" if path.startswith("?") else "/"
    return parse_url(str(base).rstrip("/") + separator + path.lstrip("/"))


def _leads_out(path: str) -> bool:
    """Returns whether a server could read `..` as a segment: some decode escapes twice, and drop a `;` and its rest."""
    decoded = unquote(unquote(path))
    return any(segment.partition(";")[0] == ".." for segment in re.split(r"[/\\]", decoded))


def resolve_redirect(base: httpx2.URL, location: str) -> httpx2.URL:
    """Returns the target of a `Location` header (RFC 9110 §10.2.2). Raises: BadInput as `parse_url` does."""
    if _REFUSED.search(location.strip()):
        raise BadInput("the location has a control character, a blank or a backslash")
    try:
        target = urljoin(str(base), location.strip().partition("#")[0])
    except ValueError as error:
        raise BadInput("the location cannot be parsed") from error
    return parse_url(target)


def _texts(name: str, value: Json) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, dict | list) for item in items):
        raise BadInput(f"the parameter {name!r} is an object; parameters are texts, numbers, booleans or lists of them")
    return [plain_text(item) for item in items if item is not None]


def _encode(text: str) -> str:
    return _encode_short(text) if len(text) <= _SHORT else _encoded(text)


def _encoded(text: str) -> str:
    try:
        return quote(text, safe="$'(),:/@*!;")
    except UnicodeEncodeError as error:
        raise BadInput("a parameter holds half of a surrogate pair") from error


_encode_short = lru_cache(maxsize=_KEPT)(_encoded)
