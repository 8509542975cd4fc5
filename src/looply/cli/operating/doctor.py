"""`looply doctor`: the audit of a store, which proves that nothing in it is lost or orphaned."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from looply.cli.display.pages import Page
from looply.cli.terminal.failures import DONE, REFUSED
from looply.cli.terminal.options import AnyFolder
from looply.cli.terminal.progress import show_progress
from looply.cli.terminal.tables import record, table
from looply.cli.terminal.terminal import Here, Terminal
from looply.errors import DataFolderInUse, StoreCorrupt

if TYPE_CHECKING:
    from looply.engine.ports.port import Audit, Examined
    from looply.settings import Settings


async def doctor(*, data: AnyFolder = None, terminal: Here) -> int:
    """Audit a store, a data folder or the settings' database: prove that nothing in it is lost or orphaned.

    Folds every history and compares the result with the stored rows, reads the catalog whole, and checks the hash
    chains of its audit log. Beside a running server it audits a copy of the folder as of one instant, in a temporary
    folder; a database is read directly. Exit status 1 when there is a problem.
    """
    document = await _examine(terminal, data)
    terminal.show(document, lambda: _findings(document))
    return REFUSED if document["problems"] else DONE


async def _examine(terminal: Terminal, data: AnyFolder) -> dict[str, Any]:
    from looply.cli.offline.store import existing_settings  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = existing_settings(terminal, data)
    try:
        audit_store = _audit_folder if settings.engine == "embedded" else _audit_database
        what = "executions examined"
        with show_progress(terminal, what) as progress:
            audit = await audit_store(terminal, settings, lambda done: progress(what, done, None))
        keys, closed = await _examine_keys(terminal, settings)
    except StoreCorrupt as error:
        problem = {"execution_id": "", "kind": "STORE", "message": error.message}
        return {"executions": 0, "open": 0, "orphans": 0, "problems": [problem]}
    return {
        "executions": audit.executions,
        "open": audit.open,
        "orphans": audit.orphans,
        "problems": [*(dict(problem) for problem in audit.problems), *closed],
        # Not a problem: they are being brought up to date. Reported only where there are any.
        **({"stale_cards": audit.stale_cards} if audit.stale_cards else {}),
        **({"master_keys": keys} if len(keys) > 1 else {}),
    }


async def _examine_keys(terminal: Terminal, settings: "Settings") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns the master keys that processes still hold, more than one while the key is rotated, and the problems."""
    from looply.bootstrap import read_only_keys  # noqa: PLC0415 - slow import: only what opens a store needs all layers

    async with read_only_keys(settings, terminal.clock) as keys:
        held = [each for each in await keys.states() if each["state"] != "retired"]
        closed = [
            {
                "execution_id": "",
                "kind": "DATA_KEY",
                "message": f"the data key {number} of organization {organization_id} cannot be opened, nor any of the"
                " secrets that it sealed; restore the catalog from a backup",
            }
            for organization_id, number in keys.unopened
        ]
        return held, closed


async def _audit_folder(terminal: Terminal, settings: "Settings", examined: "Examined") -> "Audit":
    from looply.app.administration.proof import prove  # noqa: PLC0415 - slow import: only the audit needs the app
    from looply.cli.offline.store import open_services  # noqa: PLC0415 - slow import: only work on the store needs it

    try:
        async with open_services(terminal, settings) as services:
            return await prove(services, examined)
    except DataFolderInUse:
        return await _audit_copy(terminal, settings, examined)


async def _audit_database(terminal: Terminal, settings: "Settings", examined: "Examined") -> "Audit":
    from looply.bootstrap import audit_database  # noqa: PLC0415 - slow import: only what opens a store needs all layers

    return await audit_database(settings, terminal.clock, examined)


async def _audit_copy(terminal: Terminal, settings: "Settings", examined: "Examined") -> "Audit":
    """Returns the audit of a copy of a folder that a running server uses."""
    from looply.app.administration.proof import prove  # noqa: PLC0415 - slow import: only the audit needs the app
    from looply.cli.offline.copies import make_backup  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import open_services  # noqa: PLC0415 - slow import: only work on the store needs it

    with TemporaryDirectory(prefix="looply-doctor-") as folder:
        copy = Path(folder) / "copy"
        make_backup(settings.data, copy, terminal.clock, with_key=settings.encryption_key is None)
        async with open_services(terminal, msgspec.structs.replace(settings, data=copy)) as services:
            return await prove(services, examined)


def _findings(document: dict[str, Any]) -> Page:
    problems = document["problems"]
    if problems:
        rows = [(item.get("execution_id"), item.get("kind"), item.get("message")) for item in problems]
        return table(("execution", "kind", "problem"), rows, title=f"{len(problems)} problems")
    shown = {name: value for name, value in document.items() if name != "problems"}
    if "master_keys" in shown:
        shown["master_keys"] = ", ".join(f"{key['key_id']} {key['state']}" for key in shown["master_keys"])
    return record({**shown, "problems": "none"})
