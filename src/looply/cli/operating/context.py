"""`looply context`: the servers that a person works with, each with its key."""

from typing import Annotated, Final

from cyclopts import App, Parameter

from looply.cli.terminal.contexts import Context, Contexts, check_name, contexts_file, load_contexts, store_contexts
from looply.cli.terminal.documents import STANDARD_INPUT
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import Server
from looply.cli.terminal.tables import record, show_items
from looply.cli.terminal.terminal import Here, Terminal

APP: Final = App(name="context", help="Servers to work with, by name, each with its key: add, use, list, remove.")

_COLUMNS: Final = {"name": "name", "current": "current", "url": "url"}

Name = Annotated[str, Parameter(help="Name of the context.")]


@APP.command
def add(
    name: Name,
    /,
    *,
    url: Annotated[str, Parameter(help="URL of the server.")],
    api_key: Annotated[
        str | None,
        Parameter(help="API key; - reads it from standard input (LOOPLY_API_KEY).", allow_leading_hyphen=True),
    ] = None,
    use: Annotated[bool, Parameter(help="Make it the current context; the first one is it anyway.", negative="")] = (
        False
    ),
    terminal: Here,
) -> None:
    """Add a context, or replace the one with that name. Nothing is called.

    The key is stored in a file that only you may read, and never shown. A key in --api-key is visible in the process
    list; on standard input or in LOOPLY_API_KEY it is not.
    """
    key = _read_key(api_key, terminal)
    # The same checks as of a call.
    Server(url=url, api_key=key).client(terminal)
    stored = load_contexts(terminal.environment)
    stored.contexts[check_name(name)] = Context(url=url, api_key=key)
    if use or not stored.current:
        stored.current = name
    _store(stored, name, terminal)


@APP.command
def use(name: Name, /, *, terminal: Here) -> None:
    """Make a context the current one: commands without --url and without LOOPLY_URL or LOOPLY_API_KEY call it."""
    stored = load_contexts(terminal.environment)
    stored.get(name)
    stored.current = name
    _store(stored, name, terminal)


@APP.command(name="list")
def list_contexts(*, terminal: Here) -> None:
    """List the contexts by name, without their keys."""
    stored = load_contexts(terminal.environment)
    items = [
        {"name": name, "url": each.url, "is_current": name == stored.current}
        for name, each in sorted(stored.contexts.items())
    ]
    shown = [{**item, "current": "yes" if item["is_current"] else ""} for item in items]
    show_items(terminal, items, _COLUMNS, noun="contexts", table_rows=shown)


@APP.command
def remove(name: Name, /, *, terminal: Here) -> None:
    """Remove a context with its key from this machine. The key stays valid until it is revoked."""
    stored = load_contexts(terminal.environment)
    stored.get(name)
    del stored.contexts[name]
    if stored.current == name:
        stored.current = ""
    store_contexts(terminal.environment, stored)
    terminal.show({"name": name, "message": "success"}, lambda: record({"removed": name}))


def _read_key(option: str | None, terminal: Terminal) -> str:
    if option == STANDARD_INPUT:
        option = terminal.source.readline().decode("utf-8", "replace").strip()
    key = option or terminal.environment.get("LOOPLY_API_KEY") or ""
    if not key:
        raise UsageError("an API key is missing: give --api-key, - for standard input, or set LOOPLY_API_KEY")
    return key


def _store(stored: Contexts, name: str, terminal: Terminal) -> None:
    store_contexts(terminal.environment, stored)
    is_current = stored.current == name
    item = {"name": name, "url": stored.contexts[name].url, "is_current": is_current}
    shown = {
        "name": name,
        "url": item["url"],
        "current": "yes" if is_current else f"no, {stored.current} is",
        "file": contexts_file(terminal.environment),
    }
    terminal.show(item, lambda: record(shown))
