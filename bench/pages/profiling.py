"""CPU profiles of a page, as Chromium's developer tools read them (Performance, load a profile)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page

_INTERVAL_MICROSECONDS: Final = 500


@contextmanager
def profiled(page: "Page", folder: Path | None, name: str) -> Iterator[None]:
    """Writes the profile of what a page does in a block to `NAME.cpuprofile` of a folder; None: nothing is profiled.

    A profiled page is slower, so that its times say little.
    """
    if folder is None:
        yield
        return
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": _INTERVAL_MICROSECONDS})
    session.send("Profiler.start")
    yield
    profile = session.send("Profiler.stop")["profile"]
    session.detach()
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath(f"{name}.cpuprofile").write_text(json.dumps(profile), "utf-8")
