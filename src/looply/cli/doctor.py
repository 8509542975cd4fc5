"""`looply doctor`: the proof that nothing in a store is lost or orphaned."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec

from looply.cli.failures import DONE, REFUSED
from looply.cli.options import AnyFolder
from looply.cli.tables import record, table
from looply.cli.terminal import Here, Terminal
from looply.errors import DataFolderInUse, StoreCorrupt

if TYPE_CHECKING:  # start-up cost of the engine
    from rich.console import RenderableType

    from looply.engine.port import Audit
    from looply.settings import Settings


class _Found(msgspec.Struct, frozen=True):
    """What the audit of the executions found, and the breaks in the chains of the administrators' audit."""

    store: "Audit"
    breaks: Sequence[str]


async def doctor(*, data: AnyFolder = None, terminal: Here) -> int:
    """Prove that nothing in a store is lost or orphaned: in a data folder, or in the settings' database.

    Folds every history and compares it with what is stored beside it, and checks the chains of the audit. Beside a
    running server a copy of the folder as of one instant is proved, in a temporary folder; a database is read where it
    is. Exit status 1 when there is a problem.
    """
    document = await _examine(terminal, data)
    terminal.show(document, lambda: _findings(document))
    return REFUSED if document["problems"] else DONE


async def _examine(terminal: Terminal, data: AnyFolder) -> dict[str, Any]:
    from looply.cli.store import stored_settings  # noqa: PLC0415 - start-up cost of the stores

    settings = stored_settings(terminal, data)
    try:
        found = await (_audit_folder if settings.engine == "embedded" else _audit_database)(terminal, settings)
    except StoreCorrupt as error:
        problem = {"execution_id": "", "kind": "STORE", "message": error.message}
        return {"executions": 0, "open": 0, "orphans": 0, "problems": [problem]}
    audit = found.store
    breaks = [{"execution_id": "", "kind": "AUDIT", "message": line} for line in found.breaks]
    return {
        "executions": audit.executions,
        "open": audit.open,
        "orphans": audit.orphans,
        "problems": [*(dict(problem) for problem in audit.problems), *breaks],
        # No problem: they are being brought up to date. Told only where there are any.
        **({"stale_cards": audit.stale_cards} if audit.stale_cards else {}),
    }


async def _audit_folder(terminal: Terminal, settings: "Settings") -> _Found:
    try:
        return await _audit_open(terminal, settings)
    except DataFolderInUse:
        return await _audit_copy(terminal, settings)


async def _audit_database(terminal: Terminal, settings: "Settings") -> _Found:
    from looply.bootstrap import audit_database, broken_chains  # noqa: PLC0415 - start-up cost of the stores

    return _Found(await audit_database(settings, terminal.clock), await broken_chains(settings))


async def _audit_open(terminal: Terminal, settings: "Settings") -> _Found:
    from looply.cli.store import open_services  # noqa: PLC0415 - start-up cost of the stores

    async with open_services(terminal, settings) as services:
        return _Found(await services.engine.audit(), await services.catalog.audit.find_breaks())


async def _audit_copy(terminal: Terminal, settings: "Settings") -> _Found:
    """Returns the audit of a copy of a folder that a server has in use."""
    from looply.cli.copies import make_backup  # noqa: PLC0415 - start-up cost of the stores

    with TemporaryDirectory(prefix="looply-doctor-") as folder:
        copy = Path(folder) / "copy"
        make_backup(settings.data, copy, terminal.clock, with_key=settings.encryption_key is None)
        return await _audit_open(terminal, msgspec.structs.replace(settings, data=copy))


def _findings(document: dict[str, Any]) -> "RenderableType":
    problems = document["problems"]
    if problems:
        rows = [(item.get("execution_id"), item.get("kind"), item.get("message")) for item in problems]
        return table(("execution", "kind", "problem"), rows, title=f"{len(problems)} problems")
    shown = {name: value for name, value in document.items() if name != "problems"}
    return record({**shown, "problems": "none"})
