"""The names in the query options of OData: which fields a `$filter`, `$orderby`, `$select` or `$expand` reads.

Nothing is evaluated. Where an expression of the workflow was, a text has a `HOLE`.
Sources: OData 2.0 URI Conventions, sections 4.2 to 4.8; OData 4.01, URL Conventions, section 5.1.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

HOLE: Final = "\0"
"""What is in the place of an expression of the workflow. No path and no option may have this character."""

_TOKEN: Final = re.compile(
    rf"""
    (?P<text>(?:[^\W\d][\w.]*)?'(?:[^']|'')*'|"(?:[^"\\]|\\.)*+"?)
    |(?P<value>[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}|\d[\w.:+{HOLE}-]*)
    |(?P<name>[@$]?(?:[^\W\d]|{HOLE})[\w.{HOLE}]*(?:/\$?(?:[^\W\d]|{HOLE})[\w.{HOLE}]*)*)
    |(?P<mark>\S)
    """,
    re.VERBOSE,
)
_BEFORE_VALUE: Final = frozenset(
    {"eq", "ne", "gt", "ge", "lt", "le", "has", "in", "add", "sub", "mul", "div", "divby", "mod"}
)
_WORDS: Final = _BEFORE_VALUE | {"and", "or", "not", "asc", "desc", "null", "true", "false", "inf", "nan"}
"""In lower case: OData 4.01 has them in any."""
_LAMBDAS: Final = ("any", "all")


class FieldPath(NamedTuple):
    """A path that an expression of OData reads, such as `to_Item/Material`, and what it begins at.

    `variable` is the variable of a lambda that it begins at, empty for the entity. `binds` is the variable that is
    an item of the path: `i` of `Items/any(i:i/Price gt 5)`.
    """

    names: tuple[str, ...]
    variable: str = ""
    binds: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether an expression of the workflow gives the path."""
        return not (self.names or self.variable or self.binds)


class Expanded(NamedTuple):
    """One item of a `$select` or `$expand`: its path, and the options within its parentheses."""

    names: tuple[str, ...]
    options: Mapping[str, str]


def read_fields(text: str) -> Iterator[FieldPath]:
    """Yields what a `$filter` or an `$orderby` reads; names of functions, types and values are none."""
    found = list(_TOKEN.finditer(text))
    tokens = ["", *(each[0] for each in found), "", "", ""]
    variables: set[str] = set()
    for index, token in enumerate(found, 1):
        if token.lastgroup != "name" or tokens[index - 1] == "/" or tokens[index + 1] == ":":
            continue
        name, before, after = token[0], tokens[index - 1], tokens[index + 1]
        if HOLE in name and "/" not in name:
            if not _is_value(name, before, after):
                yield FieldPath(())
            continue
        names = tuple(name.split("/"))
        if after == "(":
            # A function, or the last segment is one: what is before it is read.
            names, last = names[:-1], names[-1]
            binds = tokens[index + 2] if last.casefold() in _LAMBDAS and tokens[index + 3] == ":" else ""
            variables.add(binds)
        elif name.casefold() in _WORDS:
            continue
        else:
            binds = ""
        variable = names[0] if names and names[0] in variables else ""
        rest = names[1:] if variable or names[:1] == ("$it",) else names
        if (rest or binds) and not name.startswith("@") and names[:1] not in (("$root",), ("$this",)):
            yield FieldPath(rest, variable, binds)


def read_items(text: str) -> Iterator[Expanded]:
    """Yields the items of a `$select` or `$expand`."""
    for item in split_outside(text, ","):
        path, _, rest = item.partition("(")
        options: dict[str, str] = {}
        for option in split_outside(rest.rpartition(")")[0], ";"):
            name, _, value = option.partition("=")
            options[name.strip()] = value
        names = tuple(filter(None, path.strip().split("/")))
        if names:
            yield Expanded(names, options)


def split_outside(text: str, separator: str) -> list[str]:
    """Returns the parts of a text between separators that are outside quotes and parentheses; empty ones are none."""
    parts, begin, depth, quote = [], 0, 0, ""
    for position, character in enumerate(text):
        if character == quote:
            quote = ""
        elif quote:
            continue
        elif character in ("'", '"'):
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == separator and depth == 0:
            parts.append(text[begin:position])
            begin = position + 1
    return [part for each in (*parts, text[begin:]) if (part := each.strip())]


def _is_value(name: str, before: str, after: str) -> bool:
    """Returns whether an expression of the workflow gives a value: `Supplier eq ${...}`, `endswith(Name, ${...})`."""
    if not name.startswith(HOLE):
        return False
    if before.casefold() in _BEFORE_VALUE:
        return True
    return before in ("(", "[", ",") and after.casefold() not in _BEFORE_VALUE
