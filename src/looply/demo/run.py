"""`looply demo`: runs the story with a server and an SAP-like system of its own."""

import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import msgspec

from looply.clock import SystemClock
from looply.demo import sap
from looply.demo.client import LooplyClient
from looply.demo.local_server import LocalServer, local_server
from looply.demo.story import MANAGER, Say, StoryOptions, StoryResult, play
from looply.demo.teams_stage import teams_stage
from looply.errors import Conflict


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the demo. `auto`: it answers the card itself and ends with the story."""

    auto: bool = False
    folder: Path | None = None
    """The folder of all files, a new or an empty one; None: a temporary one, which is removed at the end."""
    port: int = 0
    """Port of the server on 127.0.0.1; 0 takes a free one."""
    teams: bool = False
    """True: the card is brought to a Teams-like client, which is served beside the server."""


async def run_demo(options: DemoOptions, say: Say, *, stay: Callable[[], Awaitable[object]]) -> StoryResult:
    """Runs the purchase-order approval from end to end and returns its result.

    Without `auto` the server and the SAP-like system keep running after the story until `stay` returns.
    Raises: what `play`, `local_server`, `teams_stage` and `sap.serving` raise; Conflict for a folder that is not empty.
    """
    async with AsyncExitStack() as stack:
        work = stack.enter_context(_folder(options.folder))
        sap_url = stack.enter_context(sap.serving())
        allowed, stage = [urlsplit(sap_url).netloc], None
        if options.teams:
            stage = await stack.enter_async_context(teams_stage(MANAGER, SystemClock()))
            allowed += stage.addresses
        settings = {"egress_allow": ",".join(allowed)}
        server = await stack.enter_async_context(local_server(work, settings, port=options.port))
        story = StoryOptions(looply_url=server.url, api_key=server.api_key, sap_url=sap_url, auto=options.auto)
        if not options.auto:
            await _show_sign_in(server, story.manager, say)
        result = await play(story, say, stage=stage)
        if not options.auto:
            _show_addresses(server, sap_url, say)
            if options.folder is None:
                say("Ctrl-C also removes the data of the demo; --folder DIR keeps them.")
            await stay()
    return result


async def _show_sign_in(server: LocalServer, manager: str, say: Say) -> None:
    """Shows a link for the owner and one for the manager. Each opens the web app once, with a password of their own."""
    async with httpx2.AsyncClient() as http:
        link = await LooplyClient(http, server.url, server.api_key).invite(manager, "approver")
    say("Sign in to the web app; each link works once, and asks for a password to choose:")
    say(f"  as the owner:   {server.owner_link}")
    say(f"  as the manager: {link}")
    say("")


def _show_addresses(server: LocalServer, sap_url: str, say: Say) -> None:
    say("")
    say(f"Looply keeps running at {server.url} and the SAP-like system at {sap_url}; Ctrl-C stops both.")
    say(f"The web app: {server.url}/app/")
    say(f"Its API, as a page: {server.url}/docs")
    say(f"API key: {server.api_key}")
    say(f"Log of the server: {server.log}")


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="looply-demo-") as name:
            yield Path(name)
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is not empty; name a new folder for the demo", code="FOLDER_NOT_EMPTY")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield folder.absolute()
