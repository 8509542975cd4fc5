"""The registry of connectors. All of them, built-in ones too, use the entry-point group `looply.connectors`."""

from collections.abc import Iterable, Mapping

import msgspec

from looply.connectors.foreign import distribution_of, load_group, unusable
from looply.connectors.port import PORT_VERSION, Binding, ConnectionKind, Connector, Operation, Target
from looply.errors import BadInput, NotFound, Problem, SettingsError
from looply.execution.facts.datastores import is_datastore_operation
from looply.jsontext import Json

GROUP = "looply.connectors"


class Registry:
    """All operations and kinds of connection of the process, by name."""

    def __init__(self, connectors: Iterable[tuple[str, Connector]]) -> None:
        """Takes (distribution, connector) pairs.

        Raises: SettingsError (code `CONNECTOR`) with every connector of another port version and every name that
        two of them use; each problem names the distributions.
        """
        self._operations: dict[str, Operation] = {}
        self._kinds: dict[str, ConnectionKind] = {}
        self._connectors: dict[str, Connector] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._problems: list[Problem] = []
        for distribution, connector in connectors:
            self._add(distribution, connector)
        _refuse(self._problems)

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """All connectors, by name."""
        return tuple(self._connectors[name] for name in sorted(self._connectors))

    @property
    def operations(self) -> Mapping[str, Operation]:
        """All operations by name."""
        return self._operations

    def connection_kind(self, name: str) -> ConnectionKind:
        """Returns the kind of connection of a name. Raises: NotFound with the names of all kinds."""
        found = self._kinds.get(name)
        if found is None:
            raise NotFound(f"there is no kind of connection {name}; there are {', '.join(sorted(self._kinds))}")
        return found

    def connector_of_kind(self, kind: str) -> str:
        """Returns the name of the connector that declares a kind of connection; empty for a kind of none."""
        declared = {each.name: connector.name for connector in self.connectors for each in connector.connection_kinds}
        return declared.get(kind, "")

    def binding(self, kind: str, settings: Mapping[str, Json]) -> dict[str, Json]:
        """Returns, as JSON, what the secrets of a connection are bound to.

        They are bound to all settings where no binding can be computed: the kind is not installed, or the settings do
        not fit it.
        """
        found = self._binding(kind, settings)
        return found.document() if found is not None else {"settings": dict(settings)}

    def targets(self, kind: str, settings: Mapping[str, Json]) -> frozenset[Target]:
        """Returns where the secrets of a connection may be sent: nowhere, when no binding can be computed."""
        found = self._binding(kind, settings)
        return found.targets if found is not None else frozenset()

    def target(self, kind: str, settings: Mapping[str, Json]) -> str:
        """Returns the canonical name of the system that a connection leads to; empty when its kind has none."""
        found = self._kinds.get(kind)
        if found is None or found.target is None:
            return ""
        try:
            return found.target(settings)
        except (BadInput, msgspec.ValidationError):
            return ""

    def criteria(self, kind: str, fields: Mapping[str, Json]) -> Mapping[str, str] | None:
        """Returns the settings of the one connection of a kind that these fields of an input mean.

        None for a kind whose connections are named by their names alone, and for fields that mean none.
        """
        found = self._kinds.get(kind)
        if found is None or found.criteria is None:
            return None
        try:
            return found.criteria(fields)
        except BadInput:
            return None

    def _binding(self, kind: str, settings: Mapping[str, Json]) -> Binding | None:
        found = self._kinds.get(kind)
        if found is None or found.binding is None:
            return None
        try:
            return found.binding(settings)
        except (BadInput, msgspec.ValidationError):
            return None

    def _add(self, distribution: str, connector: Connector) -> None:
        if connector.port_version != PORT_VERSION:
            self._report(
                distribution,
                f"connector {connector.name} is written for port version {connector.port_version}, "
                f"this release has {PORT_VERSION}",
                f"install a release of {distribution} that fits",
            )
            return
        if self._reserve_name("connector", connector.name, distribution):
            self._connectors[connector.name] = connector
        for operation in connector.operations:
            if is_datastore_operation(operation.name):
                self._report(
                    distribution,
                    f"operation {operation.name} has a name that the engine keeps for its own operations on datastores",
                    f"give the operation of {distribution} another name",
                )
            elif self._reserve_name("operation", operation.name, distribution):
                self._operations[operation.name] = operation
        for kind in connector.connection_kinds:
            if kind.has_secrets and kind.binding is None:
                self._report(
                    distribution,
                    f"kind of connection {kind.name} has secrets and does not declare what binds them",
                    f"give the kind of {distribution} a `binding`: where its secrets may go, and how",
                )
            elif self._reserve_name("kind of connection", kind.name, distribution):
                self._kinds[kind.name] = kind

    def _reserve_name(self, what: str, name: str, distribution: str) -> bool:
        owner = self._owners.get((what, name))
        if owner is None:
            self._owners[(what, name)] = distribution
            return True
        self._report(
            distribution,
            f"{what} {name} is in {owner} and again in {distribution}",
            f"remove {owner} or {distribution}",
        )
        return False

    def _report(self, distribution: str, message: str, hint: str) -> None:
        self._problems.append(Problem(path=f"/{GROUP}/{distribution}", message=message, hint=hint))


def load_connectors(group: str = GROUP) -> Registry:
    """Returns the registry of all installed connectors, in the order of their distributions' names.

    Raises: SettingsError (code `CONNECTOR`) with every distribution whose entry point cannot be loaded or is no
    `Connector`, and as `Registry` does.
    """
    found, problems = load_group(group, Connector)
    for entry, connector in found:
        problems += [unusable(entry, reason) for each in connector.operations if (reason := _defect(connector, each))]
    _refuse(problems)
    return Registry((distribution_of(entry), connector) for entry, connector in found)


def _defect(connector: Connector, operation: Operation) -> str:
    """Returns why workflows cannot call an operation; empty when they can."""
    # Task queues of workers are named after the connector, and derived from the name of the operation.
    if operation.name.partition(".")[0] != connector.name:
        return f"has an operation {operation.name}, whose name must begin with `{connector.name}.`"
    try:
        _ = (operation.input_schema, operation.output_schema)
    except (NameError, TypeError) as error:
        return f"has an operation {operation.name} whose input or output has no JSON Schema: {error}"
    return ""


def _refuse(problems: list[Problem]) -> None:
    if problems:
        summary = "; ".join(problem.message for problem in problems)
        raise SettingsError(f"connectors cannot be used: {summary}", code="CONNECTOR", problems=tuple(problems))
