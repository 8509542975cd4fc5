"""Whether a call may be repeated after an unknown outcome."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Repeat: TypeAlias = Literal["always", "with_key", "ask", "never"]
"""`always`: the call is idempotent. `with_key`: the other system recognizes a second call by its idempotency
key, which is the same for all attempts of a visit. `ask`: whether a second call is harmless depends on the connection;
the operation, called again, finds out. `never`: a second call may do the same thing twice."""

REPEATS: Final[tuple[Repeat, ...]] = ("always", "with_key", "ask", "never")

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110 §9.2.2


def repeat_of_method(method: object) -> Repeat:
    """Returns whether an HTTP request may be repeated, by its method in any letter case.

    A method that an expression decides counts as one that may not.
    """
    return "always" if isinstance(method, str) and method.upper() in _METHODS else "never"


def repeat_of_odata(settings: Mapping[str, object]) -> Repeat:
    """Returns whether a call of an OData service may be repeated: reads, PUT and DELETE always.

    Of the other calls the connector finds out, since some systems recognize a repeated call. `settings` is an input, or
    settings as an author wrote them.
    """
    method = settings.get("method", "GET")
    is_repeatable = isinstance(method, str) and method.upper() in {*_METHODS, "HEAD"}
    return "always" if is_repeatable and not settings.get("batch") else "ask"
