"""The switches that are accepted anywhere on the command line and belong to no single command."""

from collections.abc import Sequence

import msgspec


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """`json`: one JSON document on standard output instead of text for people. `debug`: tracebacks of errors."""

    json: bool = False
    debug: bool = False


def read_switches(arguments: Sequence[str]) -> tuple[list[str], Switches]:
    """Returns the arguments without the switches, and the switches. What follows `--` is left as it is."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    options, rest = arguments[:end], arguments[end:]
    switches = Switches(json="--json" in options, debug="--debug" in options)
    return [token for token in options if token not in ("--json", "--debug")] + list(rest), switches
