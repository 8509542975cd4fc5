"""A server of its own for the stories of a module."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from blackbox.harness.client import Organization
from blackbox.harness.launcher import ONE_ADDRESS, Server, init


@contextmanager
def serving(
    folder: Path, allow: Iterable[str] = (), settings: Callable[[str], dict[str, str]] = lambda _: {}
) -> Iterator[tuple[str, Organization, str]]:
    """Gives the address of a server, its organization behind a key, and the path of the link of its first owner.

    `settings` returns variables of the server, by the id of the organization.
    """
    made = init(folder)
    server = Server(folder, allow, **ONE_ADDRESS, **settings(made["organization_id"])).start()
    with httpx2.Client(base_url=server.address, timeout=120) as client:
        ids = (made["organization_id"], made["workspace_id"], made["api_key"])
        yield server.address, Organization(client, *ids), urlsplit(made["owner_link"]).path
    server.close()
