"""The metadata of an OData service: what its values are, in the one form for versions 2 and 4."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

Version: TypeAlias = Literal[2, 4]

_MOST_BASES: Final = 50
"""Types that a type may be derived from, one of the other; metadata with a circle is read up to here."""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """The declared type of a value: the name of a primitive type, such as `Edm.Decimal`, or of a structured one."""

    name: str
    is_list: bool = False
    scale: int | None = None
    """Places after the point of a decimal, None when they are not fixed."""

    @property
    def item(self) -> "TypeRef":
        """The type of one item of a list."""
        return TypeRef(self.name, scale=self.scale)


@dataclass(frozen=True, slots=True)
class Structure:
    """An entity type or a complex type: the types of its members, navigation properties among them."""

    base: str = ""
    """Name of the type that it is derived from; empty without one."""
    members: dict[str, TypeRef] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Names of the members that identify an entity; a type that is derived has those of its base."""
    is_open: bool = False
    """Whether values may have members that are not declared."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an action: the types of its parameters, and of its result."""

    parameters: dict[str, TypeRef] = field(default_factory=dict)
    result: TypeRef | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """The types of a service by their names, and what the first segment of a path leads to."""

    version: Version
    structures: Mapping[str, Structure]
    resources: Mapping[str, TypeRef]
    """Entity sets, which are lists, and singletons."""
    calls: Mapping[str, Call]
    """Functions and actions by name, with and without their namespace, and their imports."""

    def member(self, structure: str, name: str) -> TypeRef | None:
        """Returns the type of a member of a structured type or of those that it is derived from, None without one."""
        for _ in range(_MOST_BASES):
            found = self.structures.get(structure)
            if found is None:
                return None
            if name in found.members:
                return found.members[name]
            structure = found.base
        return None

    def line(self, structure: str) -> Iterator[Structure]:
        """Yields a structured type and those that it is derived from; nothing for a name that is not declared."""
        for _ in range(_MOST_BASES):
            found = self.structures.get(structure)
            if found is None:
                return
            yield found
            structure = found.base
