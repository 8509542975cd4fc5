"""Names in a definition that refer to no object of its organization.

An object of another organization is reported exactly like one that does not exist. Each different name is looked up
once, however often a definition has it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from looply.app.context.credentials import find_connections
from looply.app.context.services import Services
from looply.definition.calls.external_names import ExternalName, NameKind, external_names
from looply.definition.settings.children import version_of
from looply.errors import BadRequest, NotFound, Problem, Sentence, say, suggest_name
from looply.jsontext import Json

_SUGGESTED_FROM = 1000  # names that a mistyped one is compared with
_SUGGESTIONS = 20  # comparing names costs more than looking them up


async def find_missing_names(
    services: Services, organization_id: str, definition: dict[str, Json], own_id: str = ""
) -> tuple[Problem, ...]:
    """Returns a problem for each constant name that refers to no object.

    `own_id` is the workflow that the definition belongs to, which may start itself; empty for a new one.
    """
    named = external_names(definition, services.registry.operations)
    return await _Lookup(services, organization_id, own_id).problems(named) if named else ()


class _Lookup:
    """Looks up the names of one definition."""

    def __init__(self, services: Services, organization_id: str, own_id: str) -> None:
        self._services = services
        self._organization_id = organization_id
        self._own_id = own_id.lower()
        self._messages: dict[tuple[NameKind, str, str], Sentence | None] = {}
        self._known: dict[NameKind, tuple[str, ...]] = {}
        self._suggestions = 0

    async def problems(self, named: Iterable[ExternalName]) -> tuple[Problem, ...]:
        """Returns the problems in the order of the names."""
        found: list[Problem] = []
        for each in named:
            key = (each.kind, each.name, str(each.detail))
            if key not in self._messages:
                self._messages[key] = await self._message(each)
            if message := self._messages[key]:
                found.append(Problem.of(each.path, message, await self._hint(each)))
        return tuple(found)

    async def _message(self, named: ExternalName) -> Sentence | None:
        match named.kind:
            case "operation":
                if named.name in self._services.registry.operations:
                    return None
                wording = "no installed connector has an operation {name!r}"
                return say("OPERATION_NOT_INSTALLED", wording, name=named.name)
            case "connection":
                return await self._connection(named)
            case "system":
                return await self._system(named)
            case "datastore":
                return await self._datastore(named)
            case "workflow":
                return await self._workflow(named)

    async def _connection(self, named: ExternalName) -> Sentence | None:
        try:
            found = await self._services.catalog.connections.get(self._organization_id, named.name)
        except (NotFound, BadRequest):
            return say("NO_CONNECTION", "there is no connection {name!r}", name=named.name)
        if named.detail in (None, found.kind) or found.kind in named.other_kinds:
            return None
        wording = "the connection {name!r} is of kind {kind}; the step needs one of kind {expected}"
        expected = " or ".join((str(named.detail), *named.other_kinds))
        return say("CONNECTION_OF_OTHER_KIND", wording, name=named.name, kind=found.kind, expected=expected)

    async def _system(self, named: ExternalName) -> Sentence | None:
        kind, fields = named.connection_kind, named.detail if isinstance(named.detail, dict) else {}
        criteria = self._services.registry.criteria(kind, fields)
        count = 0
        if criteria is not None:
            count = len(await find_connections(self._services.catalog, self._organization_id, kind, criteria))
        if count == 1:
            return None
        wording = "{count} connections of kind {kind} have {named}"
        shown = ", ".join(f"{name} {value}" for name, value in (criteria or fields).items())
        return say("SYSTEM_UNCLEAR", wording, count=count or "no", kind=kind, named=shown)

    async def _datastore(self, named: ExternalName) -> Sentence | None:
        found = await self._services.engine.datastores.find(self._organization_id, named.name)
        if found.stored is not None:
            return None
        return say("NO_DATASTORE", "there is no datastore {name!r}", name=named.name)

    async def _workflow(self, named: ExternalName) -> Sentence | None:
        if named.name.lower() == self._own_id:
            return None
        try:
            version = version_of(named.detail) if isinstance(named.detail, int | str | None) else None
        except ValueError:  # the definition's own check reports it, or an expression decides
            version = None
        workflows = self._services.catalog.workflows
        try:
            if version is None:
                await workflows.latest_version(self._organization_id, named.name)
            else:
                await workflows.get(self._organization_id, (named.name, version))
        except BadRequest:  # no UUID, which the definition's own check reports
            return None
        except NotFound:
            if version is None:
                return say("NO_WORKFLOW", "there is no workflow {id}", id=named.name)
            wording = "there is no workflow {id} with a version {version}"
            return say("NO_WORKFLOW_VERSION", wording, id=named.name, version=version)
        return None

    async def _hint(self, named: ExternalName) -> Sentence:
        """Returns the name that was probably meant, else how to correct the problem."""
        self._suggestions += 1
        if self._suggestions <= _SUGGESTIONS:
            meant = suggest_name(named.name, await self._names(named.kind))
            if meant is not None and dict(meant.values)["suggestion"] != named.name:
                return meant
        return _HINTS[named.kind]

    async def _names(self, kind: NameKind) -> tuple[str, ...]:
        if kind not in self._known:
            self._known[kind] = await self._existing_names(kind)
        return self._known[kind]

    async def _existing_names(self, kind: NameKind) -> tuple[str, ...]:
        match kind:
            case "operation":
                return tuple(self._services.registry.operations)
            case "connection":
                page = await self._services.catalog.connections.list_page(self._organization_id, _SUGGESTED_FROM)
                return tuple(item.name for item in page.items)
            case "datastore":
                found = await self._services.engine.datastores.list(self._organization_id, "", _SUGGESTED_FROM)
                return tuple(each.name for each in found)
            case _:
                return ()


_HINTS: Final[Mapping[NameKind, Sentence]] = {
    "operation": say(
        "INSTALL_CONNECTOR",
        "install the connector that has it in every process of the installation, or name another operation",
    ),
    "connection": say("CREATE_CONNECTION", "create the connection before you activate, or name another one"),
    "system": say("NAME_IN_CONNECTION", "exactly one connection must have them; name it in `connection`"),
    "datastore": say("CREATE_DATASTORE", "create the datastore before you activate, or name another one"),
    "workflow": say(
        "IMPORT_WORKFLOW", "import the workflow before you activate; getOrganizationWorkflows lists the ids"
    ),
}
