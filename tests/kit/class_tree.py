"""The classes of the product with what they inherit of each other, for the tests of its shape."""

import ast
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kit.source_tree import FUNCTION, module_of, modules, nodes

Place: TypeAlias = tuple[str, str]
"""The module and the name of a class."""


def classes_of_the_product() -> dict[Place, ast.ClassDef]:
    """Returns the classes of all modules by their places."""
    return {
        (module_of(path), node.name): node
        for path, tree in modules()
        for node in nodes(tree)
        if isinstance(node, ast.ClassDef)
    }


def methods_of(place: Place, classes: Mapping[Place, ast.ClassDef], names: Mapping[str, Mapping[str, Place]]) -> int:
    """Returns how many methods a class has: those of its body, and those of ours that it inherits unchanged."""
    own = [item.name for item in classes[place].body if isinstance(item, FUNCTION)]
    inherited = set().union(*(_all_names(base, classes, names) for base in _bases(place, classes, names)))
    return len(own) + len(inherited - set(own))


def names_of_classes() -> dict[str, dict[str, Place]]:
    """Returns for each module what its names mean that it defines, or imports of the product by `from`."""
    return {module_of(path): dict(_names_in(module_of(path), tree)) for path, tree in modules()}


def _all_names(
    place: Place, classes: Mapping[Place, ast.ClassDef], names: Mapping[str, Mapping[str, Place]]
) -> set[str]:
    own = {item.name for item in classes[place].body if isinstance(item, FUNCTION)}
    return own.union(*(_all_names(base, classes, names) for base in _bases(place, classes, names)))


def _bases(
    place: Place, classes: Mapping[Place, ast.ClassDef], names: Mapping[str, Mapping[str, Place]]
) -> Iterator[Place]:
    """Yields the classes of the product that a class is derived from."""
    for base in classes[place].bases:
        generic = base.value if isinstance(base, ast.Subscript) else base
        found = _find(names, place[0], generic.id) if isinstance(generic, ast.Name) else None
        if found is not None and found in classes and found != place:
            yield found


def _find(names: Mapping[str, Mapping[str, Place]], module: str, name: str) -> Place | None:
    """Returns the place of a class by its name in a module, also where packages pass it on."""
    place = names.get(module, {}).get(name)
    while place is not None and place != (module, name):
        module, name = place
        place = names.get(module, {}).get(name)
    return place


def _names_in(module: str, tree: ast.Module) -> Iterator[tuple[str, Place]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, (module, node.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "looply":
            yield from ((alias.asname or alias.name, (node.module or "", alias.name)) for alias in node.names)
