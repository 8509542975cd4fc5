"""`QUALITY.md` is correct where the code can prove it."""

from pathlib import Path

import looply.connectors
from looply.connectors.email.connector import CONNECTOR as EMAIL
from looply.connectors.function.connector import CONNECTOR as FUNCTION
from looply.connectors.http.connector import CONNECTOR as HTTP
from looply.connectors.port import Connector
from looply.connectors.sap.connector import CONNECTOR as SAP

LINES = (Path(looply.connectors.__file__).parent / "QUALITY.md").read_text().splitlines()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES if line.startswith("|")]
RULES = [row[0] for row in ROWS if len(row) == 2 and row[0] not in ("rule", "---")]
TABLE = [row for row in ROWS if len(row) > 2 and row[0] != "---"]
STATUS = {row[0]: dict(zip(TABLE[0][1:], row[1:], strict=True)) for row in TABLE[1:]}
CONNECTORS: dict[str, Connector] = {"email": EMAIL, "function": FUNCTION, "http": HTTP, "sap": SAP}


def test_every_connector_has_a_status_for_every_rule() -> None:
    assert STATUS.keys() == CONNECTORS.keys()
    for status in STATUS.values():
        assert list(status) == RULES
        assert set(status.values()) <= {"yes", "no"}


def test_inputs_and_outputs_are_typed_where_it_says_so() -> None:
    for name, connector in CONNECTORS.items():
        for operation in connector.operations:
            described = bool(operation.input_schema.get("$defs")) and bool(operation.output_schema.get("$defs"))
            assert STATUS[name]["typed-input"] == ("yes" if described else "no")


def test_kinds_of_connection_have_schemas_where_it_says_so() -> None:
    for name, connector in CONNECTORS.items():
        for kind in connector.connection_kinds:
            described = bool(kind.settings_schema.get("$defs")) and bool(kind.secrets_schema.get("$defs"))
            assert STATUS[name]["connection-check"] == ("yes" if described else "no")
