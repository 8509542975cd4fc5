"""Branches and iterations: the names of their scopes, and their part of the state.

A scope is a text: `parallel_1[left]`, `forEach_1[17]`, and within another one `forEach_1[2]/parallel_1[left]`. The
scope of the steps outside of any branch or body is empty.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from immutables import Map

from looply.jsontext import Json

ScopeEnd: TypeAlias = Literal["ARRIVED", "ENDED", "CANCELLED"]
"""How a branch or an iteration ended: at its join, at an open exit, or cancelled."""

SecretPath: TypeAlias = tuple[str, ...]


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A running `parallel` or `forEach`. A path has at most one.

    Of a parallel: `branches` are their names, `needed` the arrivals that close it (0 where its branches end by
    themselves), `ends` the branches that have ended, in that order. Of a forEach: `items`, of which `begun` have begun,
    `results` the outputs by index, `result_bytes` their total size, `result_secrets` the secret paths in them.
    `running` counts the branches or iterations that have not ended.
    """

    step: str
    visit: int
    kind: Literal["parallel", "forEach"]
    branches: tuple[str, ...] = ()
    needed: int = 0
    items: Json = None
    concurrency: int = 1
    secrets: tuple[SecretPath, ...] = ()
    begun: int = 0
    running: int = 0
    arrived: int = 0
    ends: tuple[tuple[str, ScopeEnd], ...] = ()
    results: Map[str, Json] = Map()
    result_bytes: int = 0
    result_secrets: Map[str, tuple[SecretPath, ...]] = Map()

    @property
    def may_begin(self) -> bool:
        """Whether another iteration can begin now."""
        return self.kind == "forEach" and self.begun < len(self.items) and self.running < self.concurrency

    @property
    def is_over(self) -> bool:
        """Whether the region is complete: enough branches have arrived, or none runs and none can begin."""
        if 0 < self.needed <= self.arrived:
            return True
        return not self.running and not self.may_begin


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The own data of one branch or iteration.

    `parent` is the enclosing scope, `name` the branch or the index as text. An iteration has its own outputs; a branch
    shares those of the enclosing scope and has only its own `error`. `payload` is set when the iteration has changed
    it. `secrets` are paths as in the state; those of the item begin with `item`.
    """

    parent: str
    name: str
    is_iteration: bool = False
    outputs: Map[str, Json] = Map()
    sizes: Map[str, int] = Map()
    payload: Mapping[str, Json] | None = None
    error: Json = None
    secrets: tuple[SecretPath, ...] = ()

    @property
    def bytes(self) -> int:
        """The bytes that count for the limit of the data document."""
        return sum(self.sizes.values())


def scope_of(parent: str, step: str, name: str) -> str:
    """Returns the scope of a branch or an iteration of a step in the scope `parent`."""
    return f"{parent}/{step}[{name}]" if parent else f"{step}[{name}]"


def scopes_around(frames: Mapping[str, Frame], scope: str) -> Iterator[str]:
    """Yields the scope and the enclosing ones that are open, innermost first, without the empty one."""
    while scope and (frame := frames.get(scope)) is not None:
        yield scope
        scope = frame.parent


def is_within(scope: str, outer: str) -> bool:
    """Returns whether a scope equals another one or lies within it."""
    return scope == outer or scope.startswith(f"{outer}/") or not outer
