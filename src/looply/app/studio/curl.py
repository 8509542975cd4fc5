"""A call over HTTP as a command line, to repeat it elsewhere. Credentials of connections are not in it."""

import shlex
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from looply.jsontext import Json, encode_json

_MAX_CHARACTERS: Final = 20_000
_TYPES: Final = {"json": "application/json", "urlencoded": "application/x-www-form-urlencoded", "xml": "text/xml"}


def curl_of(operation: str, shown: Json, base_url: str) -> str:
    """Returns the command line of `http.request` or `sap.odata`; empty for other operations, and for long ones.

    `shown` is the input of the call with its secrets as `***`, `base_url` the address of its connection.
    """
    if operation not in ("http.request", "sap.odata") or not isinstance(shown, dict):
        return ""
    path = shown.get("url", "") if operation == "http.request" else _odata_path(shown)
    if not isinstance(path, str):
        return ""
    method = str(shown.get("method") or "GET").upper()
    parts = ["curl", "-X", method, shlex.quote(_with_params(_joined(base_url, path), shown.get("params")))]
    headers = shown.get("headers")
    for name, value in (headers if isinstance(headers, dict) else {}).items():
        parts += ["-H", shlex.quote(f"{name}: {value}")]
    parts += _body(shown)
    line = " ".join(parts)
    return line if len(line) <= _MAX_CHARACTERS else ""


def _odata_path(shown: Mapping[str, Any]) -> str:
    service, entity = str(shown.get("service_path", "")), str(shown.get("entity") or "")
    return f"{service.rstrip('/')}/{quote(entity, safe=_IN_PATHS)}" if entity else service


_IN_PATHS: Final = "/()',=$:;~!*@&+-._%"


def _joined(base_url: str, path: str) -> str:
    if "://" in path:
        return path
    return f"{base_url.rstrip('/')}/{path.lstrip('/')}" if path else base_url


def _with_params(url: str, params: Json) -> str:
    if not isinstance(params, dict) or not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(_texts(params))}"


def _texts(values: Mapping[str, Json]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else encode_json(value).decode() for name, value in values.items()}


def _body(shown: Mapping[str, Any]) -> list[str]:
    body, kind = shown.get("body"), str(shown.get("body_type") or "json")
    if body is None:
        return []
    if kind == "urlencoded" and isinstance(body, dict):
        text = urlencode(
            {name: value if isinstance(value, str) else encode_json(value) for name, value in body.items()}
        )
    else:
        text = body if isinstance(body, str) and kind != "json" else encode_json(body).decode()
    declared = ["-H", shlex.quote(f"Content-Type: {_TYPES[kind]}")] if kind in _TYPES else []
    return [*declared, "--data-binary", shlex.quote(text)]
