"""The tree of errors in the docstring of `looply.errors` names every class of it."""

import re
from collections.abc import Iterator

from looply import errors


def classes(parent: type[errors.LooplyError]) -> Iterator[str]:
    """Yields the names of the classes below one that the module defines."""
    for each in parent.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each.__name__
            yield from classes(each)


def test_the_tree_of_errors_names_every_class_and_no_other() -> None:
    assert errors.__doc__ is not None
    tree = errors.__doc__[errors.__doc__.index("LooplyError\n") :]
    named = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)*\b", tree)) - {"LooplyError"}
    assert named == set(classes(errors.LooplyError))
