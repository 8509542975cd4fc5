"""Injection safety of URLs: each value is one path segment or one query value, and none can choose the host.

Literal texts are not changed. Values of the environment may begin a URL or be part of its host, because administrators
write profiles. `raw: true` turns all of this off.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from looply.definition.settings.reading import Reader
from looply.errors import Sentence, say
from looply.expressions import Escape, Expression, ExpressionError, Placement, escape_by_quotes

UrlPart: TypeAlias = Literal["host", "path", "query"]

_ENVIRONMENT: Final = "environment"
_ENCODER: Final = "uriComponent"
"""The function whose result is already encoded."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:+~-]*")
"""Numbers, dates, GUIDs and names: OData literals that need no quotes."""
_RAW: Final = "set `raw: true` to insert values without escaping"


def url_placement(*, is_below_connection: bool) -> Placement:
    """Returns the placement of the values of a `url`."""

    def place(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
        found = _url_parts(pieces, is_below_connection=is_below_connection)
        return tuple(_url_escape(piece, where) for piece, where in zip(pieces, found, strict=True))

    return place


def check_url_values(reader: Reader, pieces: Sequence[str | Expression]) -> None:
    """Reports the first value of a `url` that would choose its host."""
    found = _url_parts(pieces, is_below_connection="connection" in reader)
    for piece, where in zip(pieces, found, strict=True):
        if isinstance(piece, Expression) and where == "host" and not _is_environment(piece):
            reader.error("url", *_host_sentences(piece))
            return


def warn_of_raw(reader: Reader) -> None:
    """Reports `raw: true`."""
    if reader.value.get("raw") is True:
        message = "values are inserted into the URL without escaping, so a payload can choose host, path and query"
        hint = say("LEAVE_RAW_OUT", "leave `raw` out when each value is one part of the URL")
        reader.warning("raw", say("RAW_URL", message), hint)


def odata_placements(params: Sequence[str], at: str = "", *, is_raw: bool) -> dict[str, Placement]:
    """Returns the placements of a `sapRequest`, or of its part at the pointer `at`, by the pointer of each setting.

    `params` are pointers of parameters.

    A quote in a literal is doubled (OData V2 URI conventions, OData 4.01 URL conventions §4.3.1). Escapes in a path are
    not decoded, so the `%` of a value is escaped; the values of params are encoded when they are sent. Outside quotes
    a value of a path or of `$filter` must be a number, a date, a GUID or a name, unless `is_raw`.
    """
    found: dict[str, Placement] = {pointer: escape_by_quotes(_double_quotes) for pointer in params}
    found[f"{at}/entity"] = escape_by_quotes(_double_quotes_in_path, None if is_raw else _check_plain)
    if not is_raw:
        found[f"{at}/params/$filter"] = _filter_placement
        if not at:
            found["/service_path"] = _service_placement
    return found


def _service_placement(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
    return tuple(
        None if index == 0 and isinstance(piece, Expression) and _is_environment(piece) else _check_plain
        for index, piece in enumerate(pieces)
    )


def _filter_placement(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
    place = escape_by_quotes(_double_quotes, _check_plain if len(pieces) > 1 else None)
    return place(tuple(pieces))


def _url_parts(pieces: Sequence[str | Expression], *, is_below_connection: bool) -> list[UrlPart]:
    """Returns the URL part in which each piece begins. An environment value at the start belongs to the host."""
    before = ""
    parts: list[UrlPart] = []
    for piece in pieces:
        is_base = not before and isinstance(piece, Expression) and _is_environment(piece)
        parts.append("host" if is_base else _part_after(before, is_below_connection=is_below_connection))
        # An encoded value has no delimiters: only literals can begin another part.
        before += piece if isinstance(piece, str) else "x"
    return parts


def _part_after(before: str, *, is_below_connection: bool) -> UrlPart:
    scheme, separator, rest = before.partition("://")
    is_absolute = bool(separator) and not re.search(r"[/?#]", scheme)
    after_host = rest if is_absolute else before
    if re.search(r"[?#]", after_host):
        return "query"
    return "path" if "/" in after_host or (is_below_connection and not is_absolute) else "host"


def _url_escape(piece: str | Expression, where: UrlPart) -> Escape | None:
    if isinstance(piece, str):
        return None
    if where == "host":
        return None if _is_environment(piece) else _refusal(piece)
    if piece.outer_call == _ENCODER:
        return _check_dots if where == "path" else None
    return _segment if where == "path" else _encode


def _is_environment(expression: Expression) -> bool:
    """Returns whether an expression reads the environment and nothing else of the document."""
    return bool(expression.references) and all(
        path and str(path[0]).casefold() == _ENVIRONMENT for path in expression.references
    )


def _host_sentences(expression: Expression) -> tuple[Sentence, Sentence]:
    wording = "{expression} would choose the host; hosts must be literal, or come from the environment only"
    hint = f"write https://host/${{{{...}}}}, ${{{{environment.base}}}}/path, or name a `connection`; or {_RAW}"
    return say("CHOOSES_HOST", wording, expression=f"${{{expression.source}}}"), say("WRITE_HOST", hint)


def _refusal(expression: Expression) -> Escape:
    message = "; ".join(sentence.text for sentence in _host_sentences(expression))

    def refuse(_value: str) -> str:
        raise ExpressionError(message)

    return refuse


def _encode(value: str) -> str:
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise ExpressionError("the value has half of a surrogate pair, which a URL cannot contain") from error


def _segment(value: str) -> str:
    return _encode(_check_dots(value))


def _check_dots(value: str) -> str:
    if value in (".", ".."):
        raise ExpressionError("the value is . or .., which would change the path of the URL")
    return value


def _check_plain(value: str) -> str:
    if _PLAIN.fullmatch(value) is None or value in (".", ".."):
        reason = "outside quotes a value must be a number, a date, a GUID or a name, but this one has other characters"
        raise ExpressionError(f"{reason}; put it between '...', or {_RAW}")
    return value


def _double_quotes_in_path(value: str) -> str:
    return _double_quotes(value.replace("%", "%25"))


def _double_quotes(value: str) -> str:
    return value.replace("'", "''")
