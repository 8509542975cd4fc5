"""The table of step types that call an operation of a connector: the operation, and how settings become its input."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from looply.definition.calls import calls
from looply.definition.settings import code, mail
from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import CallSettings
from looply.expressions import Template


class OperationStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step type that calls an operation. A new type is a new row: `execution` knows none of them by name."""

    operation: str = ""
    """The operation that is called; empty when the settings name it."""
    settings: Callable[[Reader, str], CallSettings]
    """Compiles the settings of a step that calls this operation."""
    input: Callable[[Reader], Template]
    """Builds the template of the input, which is evaluated once per visit."""
    connection_kind: str = ""
    """The kind that the `connection` must have; empty when the operation declares it, or there is no connection."""
    other_kinds: tuple[str, ...] = ()
    """Further kinds that the `connection` may have."""
    names_systems: bool = False
    """Whether the settings may name a system by `system_id` and `client`, in place of a connection."""

    def compile(self, reader: Reader) -> CallSettings:
        """Returns the settings of a step of this type."""
        return self.settings(reader, self.operation)


OPERATION_STEPS: Final[Mapping[str, OperationStep]] = MappingProxyType(
    {
        "httpRequest": OperationStep(
            operation="http.request",
            settings=calls.compile_http_request,
            input=calls.call_input,
            connection_kind="http",
        ),
        "sapRequest": OperationStep(
            operation="sap.odata",
            settings=calls.compile_sap_request,
            input=calls.call_input,
            connection_kind="sap",
            names_systems=True,
        ),
        "operation": OperationStep(settings=calls.compile_operation, input=calls.operation_input),
        "function": OperationStep(operation="function.run", settings=code.compile_function, input=code.function_input),
        "email": OperationStep(
            operation="email.send",
            settings=mail.compile_email,
            input=mail.email_input,
            connection_kind="smtp",
            other_kinds=("graph_mail",),
        ),
    }
)
"""Step type -> its row."""
