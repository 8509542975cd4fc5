"""Damage to the catalog of a killed server: the faults of each of its pages, and the reads after them."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, NamedTuple

import httpx2

from blackbox.harness.client import Organization
from blackbox.harness.definitions import ASKING, CARD, COMPUTING
from blackbox.harness.launcher import Server, init
from looply.catalog import Catalog
from looply.catalog.tenants.data_keys import DataKeys
from looply.clock import Ids, SystemClock, SystemEntropy
from looply.connectors.registry import load_connectors
from looply.errors import StoreCorrupt
from looply.master_keys import MasterKeys

PAGE: Final = 4096
FILE: Final = "catalog.db"
_BULK_SECONDS: Final = 60.0

Verdict = Literal["same", "refused", "wrong"]


class Damage(NamedTuple):
    """The name of a fault, its target, and the file after it."""

    fault: str
    text: str
    content: bytes


class Left(NamedTuple):
    """The catalog after a kill, an older copy of it, the key of its secrets, and the API key of a caller."""

    content: bytes
    earlier: bytes
    master_keys: str
    api_key: str


def leave(folder: Path) -> Left:
    """Returns the catalog of a server that is killed after an organization has filled it."""
    made = init(folder)
    server = Server(folder).start()
    try:
        with httpx2.Client(base_url=server.address, timeout=120) as client:
            org = Organization(client, **made)
            _fill(org, "first")
            # No change is in progress and there is no log: the file alone is the catalog.
            earlier = (folder / FILE).read_bytes()
            _fill(org, "second")
        server.kill()
    finally:
        server.close()
    assert not (folder / f"{FILE}-journal").exists()
    return Left((folder / FILE).read_bytes(), earlier, (folder / "key").read_text(), made["api_key"])


def _fill(org: Organization, name: str) -> None:
    workflow_id = org.create(COMPUTING)
    org.next_draft(workflow_id, ASKING)
    settings = {"base_url": f"https://{name}.example", "auth": "bearer"}
    bodies = {
        "createProfile": {"workflow_id": workflow_id, "name": name, "values": {"color": name}},
        "createConnection": {"name": name, "kind": "http", "settings": settings, "secrets": {"token": "sesame"}},
        "createCard": {"card_name": name, "card_payload": CARD},
        "createKey": {"name": name, "scopes": ["read"]},
    }
    for call, body in bodies.items():
        done = org.post(call, body)
        assert done.status_code == 200, done.text
    _carry_out(org, workflow_id)


def _carry_out(org: Organization, workflow_id: str) -> None:
    """Starts a bulk on a workflow without executions and returns when it has ended: it makes no more changes."""
    done = org.post("bulkTerminate", {"filter": {"workflow_id": workflow_id}, "reason": "nothing to do"})
    assert done.status_code == 200, done.text
    deadline = time.monotonic() + _BULK_SECONDS
    while (item := org.get("getBulk", bulk_id=done.json()["item"]["bulk_id"]).json()["item"])["status"] != "DONE":
        assert time.monotonic() < deadline, item
        time.sleep(0.02)


def without_sums(content: bytes, place: Path) -> bytes:
    """Returns the catalog with its checksums emptied, as an operator does who accepts its content."""
    file = place / "emptied.db"
    file.write_bytes(content)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM table_sums")
        connection.commit()
    return file.read_bytes()


def pages(content: bytes) -> range:
    """Returns the numbers of the pages, from 0."""
    return range(len(content) // PAGE)


def turned(content: bytes, offset: int, bit: int) -> Damage:
    """Returns the file with one bit flipped."""
    damaged = bytearray(content)
    damaged[offset] ^= 1 << bit
    return Damage("BIT", f"bit {bit} of byte {offset}", bytes(damaged))


def replaced(content: bytes, page: int, other: bytes, fault: str, text: str) -> Damage:
    """Returns the file with one page replaced by another."""
    start = page * PAGE
    return Damage(fault, f"page {page + 1} {text}", content[:start] + other + content[start + PAGE :])


def bits(content: bytes, each: int, chance: Random) -> Iterator[Damage]:
    """Yields bit flips: `each` per page, in its header, in its content, and anywhere."""
    for page in pages(content):
        places = range(page * PAGE, (page + 1) * PAGE)
        held = [place for place in places if content[place]]
        for number in range(each):
            yield turned(content, chance.choice((places[:128], held, held, places)[number % 4]), chance.randrange(8))


def exchanges(left: Left, content: bytes) -> Iterator[Damage]:
    """Yields each page zeroed, replaced by its neighbor, and replaced by its older version."""
    for page in pages(content):
        yield replaced(content, page, bytes(PAGE), "ZERO", "is lost")
        start = page * PAGE
        neighbor = content[start - PAGE : start] if page else content[PAGE : 2 * PAGE]
        yield replaced(content, page, neighbor, "SWAP", "is its neighbor")
        earlier = left.earlier[start : start + PAGE]
        if earlier and earlier != content[start : start + PAGE]:
            yield replaced(content, page, earlier, "OLDER", "is an older one")


class Judge:
    """Classifies how the product handles a damaged catalog, compared with the reads of the sound one."""

    def __init__(self, place: Path, left: Left) -> None:
        self._file = place / FILE
        self._left = left
        # Looking for the connectors that are installed takes as long as all reads.
        self._binding = load_connectors().binding
        self.expected = self._read_damaged(left.content)

    def verdict(self, damage: Damage) -> tuple[Verdict, str]:
        """Returns the verdict and its reason.

        `refused`: the message reports the damage and the remedy. `same`: all reads are correct. `wrong` must never
        happen.
        """
        try:
            answers = self._read_damaged(damage.content)
        except StoreCorrupt as error:
            return ("refused" if "restore" in error.message else "wrong"), error.message
        except Exception as error:
            return "wrong", f"{type(error).__name__} escaped: {error}"
        return ("same" if answers == self.expected else "wrong"), ""

    def _read_damaged(self, content: bytes) -> list[Any]:
        self._file.write_bytes(content)
        return asyncio.run(self._read())

    async def _read(self) -> list[Any]:
        entropy, clock = SystemEntropy(), SystemClock()
        keys = DataKeys(MasterKeys(self._file.with_name("key"), self._left.master_keys), clock)
        facts: Any = {"clock": clock, "ids": Ids(entropy), "entropy": entropy, "binding": self._binding}
        catalog = await Catalog.open(self._file, keys, **facts)
        try:
            return await everything(catalog, self._left.api_key)
        finally:
            await catalog.close()


async def everything(catalog: Catalog, api_key: str) -> list[Any]:
    """Returns the results of all reads of a catalog."""
    found: list[Any] = [await catalog.keys.authenticate(api_key, SystemClock().now())]
    for organization in await catalog.organizations.list_all():
        mine = organization.organization_id
        workflows = (await catalog.workflows.list_page(mine, 1000)).items
        cards = (await catalog.cards.list_page(mine, 1000)).items
        connections = (await catalog.connections.list_page(mine, 1000)).items
        found += [organization, workflows, cards, connections]
        found += [await catalog.workflows.get(mine, (each.workflow_id, each.workflow_version)) for each in workflows]
        found += [await catalog.profiles.list_all(mine, each.workflow_id) for each in workflows]
        found += [await catalog.cards.get(mine, (each.card_id, each.card_version)) for each in cards]
        found += [await catalog.connections.resolve(mine, each.name) for each in connections]
        found += [await catalog.keys.list_page(mine, 1000), await catalog.audit.list_page(mine, 1000)]
        found.append(await catalog.bulks.list_page(mine, 1000))
    return found
