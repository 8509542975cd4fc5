"""Whether a call may be repeated after an unknown outcome."""

from typing import Final, Literal, TypeAlias

Repeat: TypeAlias = Literal["always", "with_key", "never"]
"""`always`: the call is idempotent. `with_key`: the other system recognizes a second call by its idempotency
key, which is the same for all attempts of a visit. `never`: a second call may do the same thing twice."""

REPEATS: Final[tuple[Repeat, ...]] = ("always", "with_key", "never")

_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # RFC 9110 §9.2.2


def repeat_of_method(method: object) -> Repeat:
    """Returns whether an HTTP request may be repeated, by its method in any letter case.

    A method that an expression decides counts as one that may not.
    """
    return "always" if isinstance(method, str) and method.upper() in _METHODS else "never"
