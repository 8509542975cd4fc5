"""JSPath, the language of paths that `jPath` reads: `.books{.price < 10}.title`. Every step takes fuel.

Source: the README of JSPath 0.4. Substitutions (`$name`) cannot be given from an expression, so they find nothing.
"""

from looply.expressions.queries.jspath.evaluation import select

__all__ = ["select"]
