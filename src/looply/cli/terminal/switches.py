"""The switches that are accepted anywhere on the command line and belong to no single command."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec

Format: TypeAlias = Literal["table", "json", "yaml", "ids"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_EXPECTED: Final = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
_NAMES: Final = ("--output", "-o")


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """`format`: how the result is written. `debug`: tracebacks of errors. `problem`: what is wrong with them."""

    format: Format = "table"
    debug: bool = False
    problem: str = ""


def read_switches(arguments: Sequence[str]) -> tuple[list[str], Switches]:
    """Returns the arguments without the switches, and the switches. What follows `--` is left as it is."""
    tokens, formats = list[str](), list[str | None]()
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    options = iter(arguments[:end])
    is_debug = False
    for option in options:
        name, sign, value = option.partition("=")
        if option == "--debug":
            is_debug = True
        elif option == "--json":
            formats.append("json")
        elif name in _NAMES:
            formats.append(value if sign else next(options, None))
        else:
            tokens.append(option)
    return [*tokens, *arguments[end:]], _switches(formats, is_debug=is_debug)


def _switches(formats: Sequence[str | None], *, is_debug: bool) -> Switches:
    known = [found for found in FORMATS if found in formats]
    if unknown := [found for found in formats if found not in FORMATS]:
        given = "has no value" if unknown[0] is None else f"is {unknown[0][:100]!r}"
        problem = f"--output {given}, expected {_EXPECTED}"
    elif len(known) > 1:
        problem = f"the output cannot be {' and '.join(known)} at once; give one"
    else:
        return Switches(format=known[0] if known else "table", debug=is_debug)
    return Switches(format="json" if "json" in known else "table", debug=is_debug, problem=problem)
