"""Long work: its progress, on standard error of a terminal only, and the message for a person who interrupts it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

from looply.cli.terminal.terminal import Terminal

_POLL_SECONDS: Final = 1.0


class Progress(Protocol):
    """Shows that `done` of `total` are done of `what`; None: how many there are is not known."""

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Shows the progress; may be called as often as there is any."""
        ...


@contextmanager
def show_progress(terminal: Terminal, what: str) -> Iterator[Progress]:
    """Yields a function that updates a progress bar; it shows nothing where standard error is no terminal.

    `what` is shown until the first update.
    """
    if not terminal.errors.isatty():
        yield show_nothing
        return
    from rich import progress  # noqa: PLC0415 - slow import: only progress on a terminal needs Rich
    from rich.console import Console  # noqa: PLC0415 - slow import: only progress on a terminal needs Rich

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(file=terminal.errors), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def update(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield update


async def wait_for_end(
    terminal: Terminal,
    what: str,
    read: Callable[[], Awaitable[dict[str, Any]]],
    count: Callable[[Mapping[str, Any]], tuple[int, int | None]],
) -> dict[str, Any]:
    """Returns the answer of `read`, which is asked every second, once its item has ended.

    `count` gives how much of the item is done, and of how much. Raises: what `read` raises.
    """
    with show_progress(terminal, what) as progress:
        while True:
            answer = await read()
            item = answer["item"]
            if item["ended_on"] is not None:
                return answer
            progress(what, *count(item))
            await terminal.pause(_POLL_SECONDS)


@contextmanager
def explain_interrupt(terminal: Terminal, text: str) -> Iterator[None]:
    """Writes what holds, and what to do now, when the block is interrupted; then raises the interrupt again."""
    import asyncio  # noqa: PLC0415 - slow import: help pages need no event loop

    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt):
        terminal.note(f"looply: interrupted; {text}")
        raise


def show_nothing(what: str, done: int, total: int | None) -> None:
    """Shows nothing: the progress for which there is no terminal."""
