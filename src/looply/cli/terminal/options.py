"""Options that many commands share: which server, which data folder, which settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from cyclopts import Parameter

from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.terminal import Terminal

if TYPE_CHECKING:
    from looply.cli.terminal.client import ApiClient
    from looply.cli.terminal.contexts import Context
    from looply.settings import Settings

DEFAULT_URL: Final = "http://127.0.0.1:8080"

Data: TypeAlias = Annotated[Path | None, Parameter(help="Data folder of a stopped server (LOOPLY_DATA).")]
AnyFolder: TypeAlias = Annotated[
    Path | None, Parameter(help="Data folder; a server may be running on it (LOOPLY_DATA).")
]

KeyOnly: TypeAlias = Annotated[
    bool, Parameter(help="Write the API key and nothing else to standard output.", negative="")
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Server:
    """The running server that a command calls."""

    url: Annotated[str | None, Parameter(help=f"URL of the server (LOOPLY_URL; else {DEFAULT_URL}).")] = None
    api_key: Annotated[str | None, Parameter(help="API key (LOOPLY_API_KEY).")] = None
    context: Annotated[
        str | None,
        Parameter(help="Take both from this context (LOOPLY_CONTEXT; else the current one, see `looply context`)."),
    ] = None

    def client(self, terminal: Terminal) -> "ApiClient":
        """Returns a client of the server. Raises: UsageError when the address or the key is missing or wrong."""
        url, key = self._address(terminal.environment)
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"the address of the server is {url!r}, expected one such as {DEFAULT_URL}")
        if not key:
            raise UsageError("an API key is missing: give --api-key, set LOOPLY_API_KEY, or add a context")
        if not key.isascii() or not key.isprintable():
            raise UsageError("the API key has characters that no valid key has")
        from looply.cli.terminal.client import ApiClient  # noqa: PLC0415 - slow import: only calls of a server need HTTP

        return ApiClient(url, key, terminal.transport)

    def _address(self, environment: Mapping[str, str]) -> tuple[str, str]:
        """Returns URL and key: of the named context, else of options and variables, else of the current context.

        Guarantees: the key of a context is never sent to another URL than that of the context.
        """
        context = self._context(environment)
        if context is not None:
            return context.url, self.api_key or context.api_key
        url = self.url or environment.get("LOOPLY_URL") or DEFAULT_URL
        return url, self.api_key or environment.get("LOOPLY_API_KEY") or ""

    def _context(self, environment: Mapping[str, str]) -> "Context | None":
        from looply.cli.terminal.contexts import load_contexts  # noqa: PLC0415 - slow import: only calls of a server need contexts

        name = self.context or environment.get("LOOPLY_CONTEXT")
        if name and self.url is None:
            return load_contexts(environment).get(name)
        if self.context is not None:
            raise UsageError("give --url, or --context, which has a URL; not both")
        if self.url is not None or environment.get("LOOPLY_URL") or environment.get("LOOPLY_API_KEY"):
            return None
        stored = load_contexts(environment)
        return stored.get(stored.current) if stored.current else None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Target(Server):
    """A running server, or the store itself: the folder of a stopped server, or the database."""

    data: Annotated[Path | None, Parameter(help="Work on this data folder of a stopped server, without a key.")] = None
    offline: Annotated[
        bool, Parameter(help="Work on the store of the settings, without a server and a key.", negative="")
    ] = False
    organization: Annotated[
        str | None,
        Parameter(help="With --data or --offline: id of the organization; else the first that was created."),
    ] = None

    def is_offline(self) -> bool:
        """Returns whether the command works on the store itself. Raises: UsageError when a server is named too."""
        is_offline = self.offline or self.data is not None
        if is_offline and (self.url is not None or self.context is not None):
            given = "--url" if self.url is not None else "--context"
            raise UsageError(f"give {given} for a running server, or --data or --offline for its store, not both")
        if not is_offline and self.organization is not None:
            raise UsageError("--organization goes with --data or --offline; a running server knows it by the API key")
        return is_offline


THE_SERVER: Final = Server()
THE_TARGET: Final = Target()


def settings_of(terminal: Terminal, flags: Mapping[str, Any], file: Path | None = None) -> "Settings":
    """Returns the settings of a process from flags, `LOOPLY_*` variables and `looply.toml`.

    Raises: SettingsError with every problem.
    """
    from looply.settings import load_settings  # noqa: PLC0415 - slow import: help pages read no settings

    return load_settings(file=file, environment=terminal.environment, flags=flags)
