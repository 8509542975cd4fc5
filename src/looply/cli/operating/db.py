"""`looply db`: the databases of a data folder."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter

from looply.cli.operating.move import move
from looply.cli.operating.prune import prune
from looply.cli.terminal.failures import DONE, REFUSED
from looply.cli.terminal.options import AnyFolder, Data, settings_of
from looply.cli.terminal.progress import show_progress
from looply.cli.terminal.tables import record, table
from looply.cli.terminal.terminal import Here

APP: Final = App(name="db", help="The data folder's databases: upgrade, check, backup, restore, prune, move.")


@APP.command
async def upgrade(*, data: Data = None, terminal: Here) -> None:
    """Upgrade both databases of a stopped server to the schema of this release. Repeating it changes nothing."""
    from looply.cli.offline.copies import schema_versions  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import folder_settings, open_services  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = folder_settings(terminal, data)
    before = schema_versions(settings.data)
    async with open_services(terminal, settings):
        # Opening migrates each database within one transaction.
        pass
    after = schema_versions(settings.data)
    files = [{"file": name, "from": before[name], "to": after[name]} for name in after]
    rows = [tuple(each.values()) for each in files]
    terminal.show({"files": files}, lambda: table(("file", "was", "is"), rows))


@APP.command
def check(*, data: AnyFolder = None, terminal: Here) -> int:
    """Check the integrity of both databases by reading them whole. Exit status 1 when there is a problem."""
    from looply.cli.offline.copies import check_databases  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import folder_settings  # noqa: PLC0415 - slow import: only work on the store needs it

    with show_progress(terminal, "checking") as progress:
        document = check_databases(folder_settings(terminal, data).data, progress)
    rows = [(each["file"], each["bytes"], "; ".join(each["problems"]) or "none") for each in document["files"]]
    terminal.show(document, lambda: table(("file", "bytes", "problems"), rows))
    return REFUSED if document["problems"] else DONE


@APP.command
def backup(
    target: Annotated[Path, Parameter(help="New folder for the copy.")],
    /,
    *,
    data: AnyFolder = None,
    with_key: Annotated[
        bool,
        Parameter(
            help="Copy the key of the stored secrets too: access to the folder is then access to the secrets.",
            negative="",
        ),
    ] = False,
    terminal: Here,
) -> None:
    """Back up both databases, also beside a running server.

    Secrets are sealed in the copy. Their key is not copied, so that the copy alone does not reveal them: keep the key
    elsewhere, since a restore needs it.
    """
    from looply.cli.offline.copies import make_backup  # noqa: PLC0415 - slow import: only work on the store needs it
    from looply.cli.offline.store import folder_settings  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = folder_settings(terminal, data)
    with show_progress(terminal, "copying") as progress:
        names = make_backup(settings.data, target, terminal.clock, with_key=with_key, progress=progress)
    terminal.show(
        {"backup": str(target), "files": names}, lambda: record({"backup": target, "files": ", ".join(names)})
    )
    if not with_key and settings.encryption_key is None:
        from looply.bootstrap import KEY_FILE  # noqa: PLC0415 - slow import: only what opens a store needs all layers

        key_file = settings.data / KEY_FILE
        terminal.note(f"The key of the stored secrets is not in it. Keep a copy of {key_file} elsewhere.")


@APP.command
def restore(
    source: Annotated[Path, Parameter(help="Folder of a backup.")],
    /,
    *,
    data: Annotated[Path | None, Parameter(help="New or empty folder to restore to (LOOPLY_DATA).")] = None,
    key_file: Annotated[Path | None, Parameter(help="Key of the stored secrets, for a backup without it.")] = None,
    terminal: Here,
) -> None:
    """Restore a backup to a data folder. Open executions continue when a server starts on it.

    The restore needs the key of the stored secrets: by --key-file or in LOOPLY_ENCRYPTION_KEY, unless the backup has
    it. A key other than that of the backup is refused.
    """
    from looply.cli.offline.copies import restore_backup  # noqa: PLC0415 - slow import: only work on the store needs it

    settings = settings_of(terminal, {"data": data})
    setting = settings.encryption_key.reveal() if settings.encryption_key is not None else None
    names = restore_backup(source, settings.data, key=key_file, setting=setting)
    document = {"data": str(settings.data), "files": names}
    terminal.show(document, lambda: record({"data folder": settings.data, "files": ", ".join(names)}))


APP.command(prune)
APP.command(move)
