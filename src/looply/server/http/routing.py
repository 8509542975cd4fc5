"""The router: from a method and a path to a route and the texts of its path.

The names of a path match without regard to letter case; ids stay as they are. Slashes at the end of a path change
nothing. Where a route has texts in its path, missing ones are empty and the last one takes what is left, slashes
included: the handler refuses what is no id, after the check of the key, so that a path opens nothing. A path that
continues behind a route without such texts leads nowhere.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from looply.server.http.call import Route

_MAX_DEPTH: Final = 3
"""Fixed names at the beginning of a path, such as `v2`, `workflows` and `getKeys`."""


class Branch(NamedTuple):
    """The routes of one method below one fixed path. They differ in the number of texts that follow it."""

    by_count: Mapping[int, Route]
    longest: Route

    def route(self, rest: tuple[str, ...]) -> Route:
        """Returns the route with as many texts as follow the fixed path, else the one with the most."""
        return self.by_count.get(len(rest), self.longest)

    def leads_to(self, rest: tuple[str, ...]) -> bool:
        """Returns whether what follows the fixed path can be texts of a route."""
        return not rest or bool(self.longest.path_values)

    def values(self, rest: tuple[str, ...]) -> dict[str, str]:
        """Returns the texts that follow the fixed path, by the names of the longest route."""
        names = tuple(self.longest.path_values)
        if len(rest) > len(names):
            rest = (*rest[: len(names) - 1], "/".join(rest[len(names) - 1 :]))
        return dict(zip(names, (*rest, *("",) * (len(names) - len(rest))), strict=True))


class Match(NamedTuple):
    """What a path leads to: the branches of its fixed part by method, and the texts that follow that part."""

    branches: Mapping[str, Branch]
    rest: tuple[str, ...]

    @property
    def allow(self) -> bytes:
        """The methods that the path has, as the header `Allow` lists them."""
        return ", ".join(sorted({*self.branches, *(("HEAD",) if "GET" in self.branches else ())})).encode()

    def branch(self, method: str) -> Branch | None:
        """Returns the routes of a method, None when the path does not have it; HEAD is served by GET."""
        return self.branches.get("GET" if method == "HEAD" else method)


class RouteTable:
    """Routes by the fixed part of their path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        found: dict[str, dict[str, list[Route]]] = {}
        for route in routes:
            fixed = route.path.partition("/{")[0].lower()
            found.setdefault(fixed, {}).setdefault(route.method, []).append(route)
        self._branches = {
            fixed: {method: _branch(each) for method, each in by_method.items()} for fixed, by_method in found.items()
        }

    def find(self, path: str) -> Match | None:
        """Returns what a decoded path leads to, None when nothing begins like it."""
        parts = path.rstrip("/").split("/")
        for depth in range(min(_MAX_DEPTH, len(parts) - 1), 0, -1):
            fixed = "/".join(parts[: depth + 1])
            if not fixed.isascii():
                continue
            branches = self._branches.get(fixed.lower())
            if branches is not None:
                return Match(branches, tuple(parts[depth + 1 :]))
        return None


def _branch(routes: Sequence[Route]) -> Branch:
    return Branch(
        {len(route.path_values): route for route in routes}, max(routes, key=lambda route: len(route.path_values))
    )
