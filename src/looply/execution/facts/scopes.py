"""Branches and iterations: how their scopes are called, and what the state keeps of them.

A scope is a text: `parallel_1[left]`, `forEach_1[17]`, and within another one `forEach_1[2]/parallel_1[left]`. The
scope of the steps outside of any branch or body is empty.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
from immutables import Map

from looply.jsontext import Json

ScopeEnd: TypeAlias = Literal["ARRIVED", "ENDED", "CANCELLED"]
"""How a branch or an iteration ended: at its join, at an open exit, or given up."""

SecretPath: TypeAlias = tuple[str, ...]


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """A `parallel` or `forEach` whose branches or iterations run. There is at most one for each path.

    `branches` are the names of a parallel's, `needed` the arrivals that close it, 0 where its branches end by
    themselves; `items` are those of a forEach, of which `begun` have begun. `running` counts what has not ended.
    `ends` has the others of a parallel, in the order of their ends; `results` the outputs of a forEach by index,
    `result_bytes` their sizes together, `result_secrets` what of them is secret.
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
        """Whether nothing more is awaited: enough branches have arrived, or nothing runs or can begin any more."""
        if 0 < self.needed <= self.arrived:
            return True
        return not self.running and not self.may_begin


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What one branch or iteration has of its own.

    `parent` is the enclosing scope, `name` the branch or the index as text. An iteration keeps what its steps write;
    a branch shares it with what is around, and has its own `error` only. `payload` is there when the iteration has
    changed it. `secrets` are paths as in the state; those of the item begin with `item`.
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
        """What the overlay counts for the limit of the data document."""
        return sum(self.sizes.values())


def scope_of(parent: str, step: str, name: str) -> str:
    """Returns the scope of a branch or an iteration of a step in the scope `parent`."""
    return f"{parent}/{step}[{name}]" if parent else f"{step}[{name}]"


def scopes_around(frames: Mapping[str, Frame], scope: str) -> Iterator[str]:
    """Yields the scope and those around it, innermost first, without the empty one; none that is over."""
    while scope and (frame := frames.get(scope)) is not None:
        yield scope
        scope = frame.parent


def is_within(scope: str, outer: str) -> bool:
    """Tells whether a scope is another one or lies in it."""
    return scope == outer or scope.startswith(f"{outer}/") or not outer
