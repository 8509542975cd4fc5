"""A cache of the catalog for triggers: resolved versions, their compiled workflows, profiles and names.

An entry is valid until the catalog changes, and for five seconds at most (`looply.catalog.storage.read_cache`).
Compiled workflows are cached by their content, so a repeated read compiles nothing.
"""

from collections import OrderedDict
from typing import Any, Final

import msgspec

from looply.app.context.embedding import embed_cards
from looply.catalog import Catalog
from looply.catalog.authored.profiles import Profile
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.storage.read_cache import ReadCache
from looply.clock import Clock
from looply.definition import Workflow, compile_definition, definition_hash
from looply.errors import Conflict, DefinitionError, NotFound
from looply.limits import Limits

FRESH_SECONDS: Final = 5.0
"""How long a version that was read is used before it is read again, since other servers may change it."""
_ENTRIES: Final = 4096
_COMPILED: Final = 512


class Runnable(msgspec.Struct, frozen=True, kw_only=True):
    """A version that can be executed."""

    workflow_id: str
    workflow_version: int
    workspace_id: str
    workflow: Workflow


class Library:
    """Resolves versions of workflows to compiled workflows."""

    def __init__(self, catalog: Catalog, clock: Clock, limits: Limits) -> None:
        self._catalog = catalog
        self._clock = clock
        self._limits = limits
        self._versions: ReadCache[Runnable] = self._new_cache()
        self._profiles: ReadCache[Profile | None] = self._new_cache()
        self._names: ReadCache[str] = self._new_cache()
        self._compiled: OrderedDict[bytes, Workflow] = OrderedDict()

    async def resolve(self, organization_id: str, workflow_id: str, version: int | None) -> Runnable:
        """Returns a version by its number, or the newest ACTIVE one for None.

        Raises: BadRequest for an id that is no UUID; NotFound; Conflict (codes `NO_ACTIVE_VERSION`, `NOT_RUNNABLE`).
        """

        async def read() -> Runnable:
            if version is None:
                row = await self._catalog.workflows.latest_active(organization_id, workflow_id)
            else:
                row = await self._catalog.workflows.get(organization_id, (workflow_id, version))
            return await self._make_runnable(row)

        return await self._versions.get((organization_id, workflow_id.lower(), version), read)

    async def profile(self, organization_id: str, workflow_id: str, name: str) -> Profile | None:
        """Returns a profile by its name, or for an empty name the default one, None when the workflow has none.

        Raises: NotFound (code `PROFILE_NOT_FOUND`) for a name that the workflow does not have.
        """

        async def read() -> Profile | None:
            if name:
                return await self._catalog.profiles.get(organization_id, workflow_id, name)
            return await self._catalog.profiles.find_default(organization_id, workflow_id)

        return await self._profiles.get((organization_id, workflow_id.lower(), name), read)

    async def name(self, organization_id: str, workflow_id: str, version: int) -> str:
        """Returns the name of a version, empty when it is deleted."""

        async def read() -> str:
            try:
                return await self._catalog.workflows.name(organization_id, (workflow_id, version))
            except NotFound:
                return ""

        return await self._names.get((organization_id, workflow_id.lower(), version), read)

    async def compile(self, organization_id: str, row: WorkflowVersion) -> Workflow:
        """Returns the compiled workflow of a version, with the cards that it names embedded.

        Raises: DefinitionError with every finding.
        """
        definition, problems = await embed_cards(self._catalog.cards, organization_id, row.definition)
        if problems:
            raise DefinitionError("the definition names cards that do not exist", problems=problems)
        key = definition_hash(definition)
        workflow = self._compiled.get(key)
        if workflow is None:
            workflow = compile_definition(definition, self._limits)
            self._compiled[key] = workflow
            if len(self._compiled) > _COMPILED:
                self._compiled.popitem(last=False)
        return workflow

    def _new_cache(self) -> ReadCache[Any]:
        database = self._catalog.database
        return ReadCache(database, self._clock, lambda _: True, seconds=FRESH_SECONDS, entries=_ENTRIES)

    async def _make_runnable(self, row: WorkflowVersion) -> Runnable:
        label = f"workflow {row.workflow_id} version {row.workflow_version}"
        if row.findings:
            message = f"{label} is an incomplete draft with {len(row.findings)} findings; correct it first"
            raise Conflict(message, code="NOT_RUNNABLE", problems=row.findings)
        try:
            workflow = await self.compile(row.organization_id, row)
        except DefinitionError as error:
            message = f"{label} cannot run: {error.message}"
            raise Conflict(message, code="NOT_RUNNABLE", problems=error.problems) from error
        return Runnable(
            workflow_id=row.workflow_id,
            workflow_version=row.workflow_version,
            workspace_id=row.workspace_id,
            workflow=workflow,
        )
