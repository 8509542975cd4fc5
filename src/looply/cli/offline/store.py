"""Opens a store for commands, a data folder or a database: nothing runs in it, and the operator is the actor.

A command imports this when it works on a store, the help never does: it imports the stores and the catalog.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from looply.app.administration import organizations
from looply.app.authoring import workflows
from looply.app.context.services import Services
from looply.bootstrap import CATALOG_FILE, open_application
from looply.catalog.storage.pages import MAX_READ_ITEMS
from looply.catalog.tenants.organizations import Organization
from looply.catalog.tenants.principal import Principal
from looply.cli.terminal.failures import UsageError
from looply.cli.terminal.options import Target, settings_of
from looply.cli.terminal.terminal import Terminal
from looply.cli.terminal.workflow_names import find_workflow
from looply.engine.sqlite.file.moved import check_not_moved
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.errors import Conflict, DataFolderInUse, NotFound
from looply.log import configure_log
from looply.permissions import ALL
from looply.server.http.rows import workflow_row
from looply.settings import TABLE, Settings


@dataclass(frozen=True, slots=True)
class OpenStore:
    """The services of a store, and the organization on which the command works."""

    services: Services
    organization: Organization

    @property
    def principal(self) -> Principal:
        """The operator, who can open the store: all permissions, no key."""
        return Principal(
            organization_id=self.organization.organization_id,
            workspace_id=self.organization.workspace_id,
            key_id=None,
            name="operator",
            permissions=ALL,
        )

    async def versions(self) -> AsyncIterator[dict[str, Any]]:
        """Yields the versions of all workflows as the API lists them, newest created first."""
        after = None
        while True:
            page = await workflows.list_page(self.services, self.principal, MAX_READ_ITEMS, after)
            for summary in page.items:
                yield to_builtins(workflow_row(summary))
            if not page.has_more:
                return
            after = (page.items[-1].workflow_id, page.items[-1].workflow_version)

    async def workflow_id(self, name: str) -> str:
        """Returns the id of a workflow of the organization by its id or name. Raises: as `find_workflow`."""
        return await find_workflow(name, self.versions())


async def find_workflow_of_any(services: Services, name: str) -> str:
    """Returns the id of a workflow of any organization by its id or name. Raises: as `find_workflow`."""

    async def versions() -> AsyncIterator[dict[str, Any]]:
        for organization in await organizations.list_all(services):
            async for version in OpenStore(services, organization).versions():
                yield version

    return await find_workflow(name, versions())


@asynccontextmanager
async def open_store(terminal: Terminal, target: Target) -> AsyncIterator[OpenStore]:
    """Opens a store that `init` has created; this process owns a data folder until the end of the block.

    Raises: NotFound (code `NO_STORE`) when there is none, or (code `ORGANIZATION_NOT_FOUND`) when it lacks the named
    organization; DataFolderInUse, which names the process; EngineError (code `FOLDER_MOVED`) for a folder that was
    moved, since no server would see a change; StoreCorrupt, SchemaMismatch, StoreUnreachable.
    """
    settings = existing_settings(terminal, target.data)
    if settings.engine == "embedded":
        check_not_moved(settings.data)
    async with open_services(terminal, settings) as services:
        organizations, named = services.catalog.organizations, target.organization
        organization = await organizations.find_first() if named is None else await organizations.get(named)
        if organization is None:
            raise Conflict("the store has no organization; create one with 'looply init'", code="NO_ORGANIZATION")
        yield OpenStore(services, organization)


@asynccontextmanager
async def open_services(terminal: Terminal, settings: Settings) -> AsyncIterator[Services]:
    """Opens the store of the settings, creating what is missing; nothing runs in it. Raises: as `open_store`."""
    configure_log("warning", terminal.clock, terminal.errors)
    try:
        async with open_application(settings, is_working=False, clock=terminal.clock) as application:
            links = application.services.links
            # Without a public URL: the address at which a server on this machine will listen.
            links.public_url = links.public_url or f"http://127.0.0.1:{settings.port or TABLE['port'].default}"
            yield application.services
    except DataFolderInUse as error:
        hint = "A command that has --url works through the running server: replace --data by --url and --api-key."
        raise DataFolderInUse(f"{error.message}. {hint}") from error


def existing_settings(terminal: Terminal, data: Path | None) -> Settings:
    """Returns the settings of an existing store, a folder or a database.

    Raises: NotFound (code `NO_STORE`), so that a wrong name does not create a new store.
    """
    settings = settings_of(terminal, {"data": data})
    check_store(settings)
    return settings


def folder_settings(terminal: Terminal, data: Path | None) -> Settings:
    """Returns the settings of a folder that contains a store. Raises: NotFound (code `NO_STORE`); UsageError."""
    settings = existing_settings(terminal, data)
    if settings.engine != "embedded":
        message = "works on a data folder, but the settings name a database, which has tools of its own for that"
        raise UsageError(f"the command {message}, such as pg_dump and pg_restore")
    return settings


def check_store(settings: Settings) -> None:
    """Refuses a folder that contains no store; a database is checked when it is opened. Raises: NotFound."""
    if settings.engine != "embedded":
        return
    if not all((settings.data / name).is_file() for name in (CATALOG_FILE, FILE_NAME)):
        raise NotFound(
            f"{settings.data} is no data folder of Looply; create one with 'looply init --data {settings.data}'",
            code="NO_STORE",
        )
