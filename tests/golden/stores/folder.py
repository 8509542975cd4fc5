"""A data folder as a killed process leaves it: its content, its keys, and how it is recorded.

The keys and secrets in it are test values. `record_release.py` makes it; every later release opens and continues it.
"""

import base64
import io
import lzma
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from kit.definitions import (
    asking,
    call,
    card,
    chain,
    computing,
    counting,
    delaying,
    every,
    graph,
    note,
    step,
    wait,
)
from kit.driver import ORGANIZATION, WORKSPACE, Driver
from looply.catalog import Catalog
from looply.catalog.tenants.data_keys import DataKeys
from looply.clock import Ids
from looply.definition import Workflow
from looply.engine.sqlite import SqliteStore
from looply.master_keys import MasterKeys
from looply.testing.clock import START_TIME, FakeClock, SerialEntropy

FOLDERS: Final = Path(__file__).parents[1] / "folders"
FILES: Final = ("executions.db", "executions.db-wal", "executions.mark", "catalog.db", "key")
KEY_FILE: Final = "key"
SEALING_KEY: Final = bytes(32)
PASSWORD: Final = "correct-horse-battery"
PIN: Final = "1234-of-a-test"
SLOTS: Final = 3
PEOPLE: Final = ["ann@example.com", "bob@example.com"]
LEFT_ON: Final = START_TIME + timedelta(minutes=1)
"""When the process was killed."""


class Left(msgspec.Struct, kw_only=True):
    """The content of a recorded folder, by the names of stories: executions, each as its `record.summary`."""

    executions: dict[str, str]
    definitions: dict[str, str]
    summaries: dict[str, dict[str, Any]]
    open: int
    api_key: str
    catalog: dict[str, str]


def workflows() -> dict[str, Workflow]:
    """Returns the workflows of the folder, by the names of their stories; the last one is cut, and must be the last."""
    rule = {"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": 180}
    long = graph(
        note("count", "${add(coalesce(payload.output.count, 0), 1)}"),
        step("more", "conditional", {"rules": [rule]}),
        step("again", "redirect", {"target": "count", "max_visits": 500}),
        wait(),
        edges=(
            ("WorkflowStartState", "next", "count"),
            ("count", "next", "more"),
            ("more", "yes", "again"),
            ("more", "no", "wait_1"),
        ),
    )
    pay = call("secret", connection="shop", body="${payload.output.pin}")
    return {
        "waiting": asking(timeout="PT1H"),
        "delayed": delaying("P1D"),
        "retried": chain(call("retried", "POST", retry={"max_attempts": 3, "interval": "PT1H"}), note()),
        "incident": chain(call("incident", "POST", fail_on=["5xx"]), note()),
        "out_get": chain(call("out_get", "GET"), note()),
        "out_post": chain(call("out_post", "POST"), note()),
        "kept": chain(call("kept", "GET"), wait(), note()),
        "queued": chain(call("queued", "POST"), note()),
        "carded": chain(card(recipients=PEOPLE, for_="all", timeout="P1D"), note()),
        "large": chain(wait(), note()),
        "secret": chain(wait(), pay, start={"secret": ["/output/pin"]}),
        "long": long,
        "completed": computing(),
        "terminated": chain(note("before"), wait()),
        "cut": counting(60),
    }


def scheduled() -> Workflow:
    """Returns the workflow that a schedule of the folder starts each hour."""
    return every("PT1H")


def body_of(name: str) -> dict[str, Any]:
    """Returns the trigger of a story."""
    return {"large": {"text": "x" * 20_000}, "secret": {"pin": PIN}}.get(name, {"po": name})


class FixedIds(Ids):
    """Makes the ids that the executions of the folder name, then new ones."""

    def __init__(self, entropy: SerialEntropy) -> None:
        super().__init__(entropy)
        self._first = [UUID(ORGANIZATION), UUID(WORKSPACE)]

    def expect(self, id_: str) -> None:
        """Sets the next id."""
        self._first.append(UUID(id_))

    def next(self, now: Any) -> UUID:
        """Returns the id that was set, else a new one."""
        return self._first.pop(0) if self._first else super().next(now)


def new_keys(place: Path | str, clock: FakeClock) -> DataKeys:
    """Returns the data keys of a process on a folder, or on the database at an address. They are not opened yet."""
    if isinstance(place, Path):
        return DataKeys(MasterKeys(place / KEY_FILE), clock, SerialEntropy())
    text = base64.b64encode(SEALING_KEY).decode()
    return DataKeys(MasterKeys(Path(KEY_FILE), text), clock, SerialEntropy())


async def open_keys(place: Path | str, clock: FakeClock) -> DataKeys:
    """Returns the data keys in a folder, or in the database at an address."""
    keys = new_keys(place, clock)
    await (await open_catalog(place, clock, keys=keys)).close()
    return keys


async def open_catalog(
    place: Path | str, clock: FakeClock, ids: Ids | None = None, keys: DataKeys | None = None
) -> Catalog:
    """Opens the catalog in a folder, or in the database at an address."""
    entropy, keys = SerialEntropy(), keys or new_keys(place, clock)
    ids = ids or FixedIds(entropy)
    if isinstance(place, Path):
        return await Catalog.open(place / "catalog.db", keys, clock=clock, ids=ids, entropy=entropy)
    return await Catalog.connect(place, keys, clock=clock, ids=ids, entropy=entropy)


def put_key(folder: Path) -> None:
    """Writes the key file of a folder."""
    (folder / KEY_FILE).write_bytes(base64.b64encode(SEALING_KEY) + b"\n")
    (folder / KEY_FILE).chmod(0o600)


def driver_of(folder: Path) -> Driver:
    """Returns a driver on the store of a folder. It is not open yet."""
    driver = Driver(lambda: SqliteStore(folder, driver.clock), per_queue=SLOTS)
    return driver


def pack(folder: Path, target: Path) -> None:
    """Writes the files of a folder into an archive whose bytes depend on the files alone."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in FILES:
            if (folder / name).exists():
                data = (folder / name).read_bytes()
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(data), 0o600
                archive.addfile(entry, io.BytesIO(data))
    target.write_bytes(lzma.compress(raw.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def unpack(source: Path, folder: Path) -> Path:
    """Extracts an archive into a folder of its own and returns it."""
    folder.mkdir(mode=0o700)
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(source.read_bytes()))) as archive:
        archive.extractall(folder, filter="data")
    for path in folder.iterdir():
        path.chmod(0o600)
    return folder
