"""JSPath, the path language of `jPath`: `.books{.price < 10}.title`. Every step is charged.

Source: the README of JSPath 0.4. An expression cannot pass substitutions (`$name`), so they find nothing.
"""

from looply.expressions.queries.jspath.evaluation import select

__all__ = ["select"]
