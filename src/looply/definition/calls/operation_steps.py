"""The table of the steps that call an operation of a connector: which operation, and how its settings become input."""

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
    """One type of step that calls an operation. A further one is a further row: execution knows none by its name."""

    operation: str = ""
    """The operation that is called; empty where the settings name it."""
    settings: Callable[[Reader, str], CallSettings]
    """Checks the settings of a step that calls this operation."""
    input: Callable[[Reader], Template]
    """Makes the template of the input, which is evaluated once per visit."""
    connection_kind: str = ""
    """Of what kind the `connection` must be; empty where the operation says it, or where there is none."""

    def compiled(self, reader: Reader) -> CallSettings:
        """Returns the settings of a step of this type."""
        return self.settings(reader, self.operation)


OPERATION_STEPS: Final[Mapping[str, OperationStep]] = MappingProxyType(
    {
        "httpRequest": OperationStep(
            operation="http.request", settings=calls.http_request, input=calls.call_input, connection_kind="http"
        ),
        "sapRequest": OperationStep(
            operation="sap.odata", settings=calls.sap_request, input=calls.call_input, connection_kind="sap"
        ),
        "operation": OperationStep(settings=calls.any_operation, input=calls.operation_input),
        "function": OperationStep(operation="function.run", settings=code.function, input=code.function_input),
        "email": OperationStep(
            operation="email.send", settings=mail.email, input=mail.email_input, connection_kind="smtp"
        ),
    }
)
"""Step type -> its row."""
