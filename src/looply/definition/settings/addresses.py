"""Values in the addresses of calls: each is one segment of a path or one value of a query, and none names a host.

Literal texts stay as the author wrote them. What the environment gives may begin an address or stand in its host,
because profiles are written by administrators. `raw: true` turns all of this off.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

from looply.definition.settings.reading import Reader
from looply.expressions import Escape, Expression, ExpressionError, Placement, escape_by_quotes

Place: TypeAlias = Literal["host", "path", "query"]

_ENVIRONMENT: Final = "environment"
_ENCODER: Final = "uriComponent"
"""The function whose result is encoded already."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:+~-]*")
"""Numbers, dates, GUIDs and names: literals of OData that need no quotes."""
_RAW: Final = "say `raw: true` to put values in as they are"


def url_placement(*, is_below_connection: bool) -> Placement:
    """Returns the placement of the values of a `url`."""

    def place(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
        found = _places(pieces, is_below_connection=is_below_connection)
        return tuple(_url_escape(piece, where) for piece, where in zip(pieces, found, strict=True))

    return place


def check_url_values(reader: Reader, pieces: Sequence[str | Expression]) -> None:
    """Reports the first value of a `url` that would name its host."""
    found = _places(pieces, is_below_connection="connection" in reader)
    for piece, where in zip(pieces, found, strict=True):
        if isinstance(piece, Expression) and where == "host" and not _is_environment(piece):
            reader.error("url", *_host_problem(piece))
            return


def warn_of_raw(reader: Reader) -> None:
    """Reports `raw: true`."""
    if reader.value.get("raw") is True:
        message = "values are put into the address as they are, so that a payload may choose host, path and query"
        reader.warning("raw", message, "leave `raw` out where each value is one part of the address")


def odata_placements(params: Sequence[str], *, is_raw: bool) -> dict[str, Placement]:
    """Returns the placements of a `sapRequest`, by the pointer of each setting; `params` are pointers of parameters.

    A quote in a literal is written twice (OData V2 URI conventions, OData 4.01 URL conventions §4.3.1). In a path an
    escape stays as it is, so a value's own `%` is escaped; the values of params are encoded when they are sent.
    Outside quotes a value of a path or of `$filter` is a number, a date, a GUID or a name, unless `is_raw`.
    """
    found: dict[str, Placement] = {pointer: escape_by_quotes(_doubled) for pointer in params}
    found["/entity"] = escape_by_quotes(_doubled_in_path, None if is_raw else _check_plain)
    if not is_raw:
        found["/service_path"] = _service_placement
        found["/params/$filter"] = _filter_placement
    return found


def _service_placement(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
    return tuple(
        None if index == 0 and isinstance(piece, Expression) and _is_environment(piece) else _check_plain
        for index, piece in enumerate(pieces)
    )


def _filter_placement(pieces: Sequence[str | Expression]) -> tuple[Escape | None, ...]:
    place = escape_by_quotes(_doubled, _check_plain if len(pieces) > 1 else None)
    return place(tuple(pieces))


def _places(pieces: Sequence[str | Expression], *, is_below_connection: bool) -> list[Place]:
    """Returns for each piece where it begins. What the environment gives at the start belongs to the host."""
    before = ""
    places: list[Place] = []
    for piece in pieces:
        is_base = not before and isinstance(piece, Expression) and _is_environment(piece)
        places.append("host" if is_base else _place_behind(before, is_below_connection=is_below_connection))
        # A value stands for a text that ends nothing, since it is encoded; only literals can begin another part.
        before += piece if isinstance(piece, str) else "x"
    return places


def _place_behind(before: str, *, is_below_connection: bool) -> Place:
    scheme, separator, rest = before.partition("://")
    is_absolute = bool(separator) and not re.search(r"[/?#]", scheme)
    behind_host = rest if is_absolute else before
    if re.search(r"[?#]", behind_host):
        return "query"
    return "path" if "/" in behind_host or (is_below_connection and not is_absolute) else "host"


def _url_escape(piece: str | Expression, where: Place) -> Escape | None:
    if isinstance(piece, str):
        return None
    if where == "host":
        return None if _is_environment(piece) else _refusal(piece)
    if piece.outer_call == _ENCODER:
        return _check_dots if where == "path" else None
    return _segment if where == "path" else _encode


def _is_environment(expression: Expression) -> bool:
    """Tells whether an expression reads the environment and nothing else of the document."""
    return bool(expression.references) and all(
        path and str(path[0]).casefold() == _ENVIRONMENT for path in expression.references
    )


def _host_problem(expression: Expression) -> tuple[str, str]:
    return (
        f"${{{expression.source}}} would name the host; hosts are literals, or come from the environment alone",
        f"write https://host/${{...}}, ${{environment.base}}/path, or name a `connection`; or {_RAW}",
    )


def _refusal(expression: Expression) -> Escape:
    message = "; ".join(_host_problem(expression))

    def refuse(_value: str) -> str:
        raise ExpressionError(message)

    return refuse


def _encode(value: str) -> str:
    try:
        return quote(value, safe="")
    except UnicodeEncodeError as error:
        raise ExpressionError("the value holds half of a surrogate pair, which no URL can hold") from error


def _segment(value: str) -> str:
    return _encode(_check_dots(value))


def _check_dots(value: str) -> str:
    if value in (".", ".."):
        raise ExpressionError("the value is . or .., which would change the path of the URL")
    return value


def _check_plain(value: str) -> str:
    if _PLAIN.fullmatch(value) is None or value in (".", ".."):
        reason = "outside quotes a value is a number, a date, a GUID or a name, and this one has other characters"
        raise ExpressionError(f"{reason}; put it between '...', or {_RAW}")
    return value


def _doubled_in_path(value: str) -> str:
    return _doubled(value.replace("%", "%25"))


def _doubled(value: str) -> str:
    return value.replace("'", "''")
