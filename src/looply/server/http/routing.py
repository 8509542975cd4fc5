"""The router: from a method and a path to a route and its path parameters.

Fixed path segments match without regard to letter case; ids keep theirs. Trailing slashes are ignored. Missing path
parameters are empty, and the last one takes the rest of the path, slashes included: the handler refuses an invalid id,
after the check of the key, so that a path alone gives no access. A path that continues after a route without path
parameters matches nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from looply.server.http.call import Route

_MAX_DEPTH: Final = 3
"""Most fixed segments at the beginning of a path, such as `v2`, `workflows` and `getKeys`."""


class Branch(NamedTuple):
    """The routes of one method below one fixed path. They differ in the number of path parameters."""

    by_count: Mapping[int, Route]
    longest: Route
    names: tuple[str, ...]
    """The path parameters of the longest route."""

    def route(self, rest: tuple[str, ...]) -> Route:
        """Returns the route with as many parameters as `rest` has segments, else the one with the most."""
        return self.by_count.get(len(rest), self.longest)

    def leads_to(self, rest: tuple[str, ...]) -> bool:
        """Returns whether the segments after the fixed path can be path parameters of a route."""
        return not rest or bool(self.names)

    def values(self, rest: tuple[str, ...]) -> dict[str, str]:
        """Returns the path parameters, by the names of the longest route."""
        names = self.names
        if len(rest) > len(names):
            rest = (*rest[: len(names) - 1], "/".join(rest[len(names) - 1 :]))
        elif len(rest) < len(names):
            rest = (*rest, *("",) * (len(names) - len(rest)))
        return dict(zip(names, rest, strict=True))


class Match(NamedTuple):
    """A match: the branches of the fixed part of a path by method, and the segments that follow that part."""

    branches: Mapping[str, Branch]
    rest: tuple[str, ...]

    @property
    def allow(self) -> bytes:
        """The methods that the path has, as the header `Allow` lists them."""
        return ", ".join(sorted({*self.branches, *(("HEAD",) if "GET" in self.branches else ())})).encode()

    def branch(self, method: str) -> Branch | None:
        """Returns the routes of a method, None when the path does not have it. GET serves HEAD."""
        return self.branches.get("GET" if method == "HEAD" else method)


class RouteTable:
    """Routes by the fixed part of their path."""

    def __init__(self, routes: Sequence[Route]) -> None:
        by_path: dict[str, dict[str, list[Route]]] = {}
        for route in routes:
            fixed = route.path.partition("/{")[0].rstrip("/").lower()
            by_path.setdefault(fixed, {}).setdefault(route.method, []).append(route)
        self._branches = {
            fixed: {method: _branch(each) for method, each in by_method.items()} for fixed, by_method in by_path.items()
        }

    def find(self, path: str) -> Match | None:
        """Returns the match of a decoded path, None when no fixed part matches."""
        if path == "/":
            root = self._branches.get("")
            return None if root is None else Match(root, ())
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
    longest = max(routes, key=lambda route: len(route.path_values))
    return Branch({len(route.path_values): route for route in routes}, longest, tuple(longest.path_values))
