"""An SAP-like system for the demo and for tests: PyPI's `mock-sap` with a purchase order that can be released.

Run it as a process of its own with `python -m looply.demo.sap --port 0 --ready-file F`. It listens on 127.0.0.1
only, asks for Basic authentication, enforces CSRF tokens and `If-Match`, and forgets everything when it ends.

As it ships, `mock-sap` has purchase orders that cannot be released. Before its tables are created, this module

* makes `PurchasingProcessingStatus` of `A_PurchaseOrder` updatable and the source of its ETag,
* adds `ReleaseCode` and `PurchaseOrderNetAmount` to the header, `NetAmount` and `AccountAssignmentCategory` to the
  item,
* adds the entity set `A_PurOrdAccountAssignment` and the way to it, `to_AccountAssignment`.

Not like a real system: amounts are stored and not computed from the items, the CSRF token is not bound to the
session cookie, and the ETag moves with the status alone.
"""

import argparse
import importlib
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, TypeAlias

from looply.demo.orders import ORDERS, SUPPLIERS, Row
from looply.errors import SettingsError

HOST = "127.0.0.1"
CLIENT = "100"
USER = "LOOPLY"
PASSWORD = "purchase-orders"  # noqa: S105 - guards invented data on the loopback interface
SERVICE_PATH = "/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV"

_V2_SERVICE, _V4_SERVICE = "API_PURCHASEORDER_PROCESS_SRV", "api_purchaseorder"
_ORDER, _ITEM, _ASSIGNMENT = "A_PurchaseOrder", "A_PurchaseOrderItem", "A_PurOrdAccountAssignment"

System: TypeAlias = ThreadingHTTPServer


def make_system(port: int = 0) -> System:
    """Returns the system, bound to a port of the loopback interface and not yet serving.

    `port` 0 takes a free one, which `server_port` has. The caller runs `serve_forever` and `server_close`.

    Raises: SettingsError when `mock-sap` is not installed, or the port is taken.
    """
    schema, server = _mock_sap("schema"), _mock_sap("server")
    _extend(schema)
    config = server.Config(
        host=HOST,
        port=port,
        client=CLIENT,
        user=USER,
        basic_auth=f"{USER}:{PASSWORD}",
        require_if_match=True,
        quiet=True,
    )
    try:
        system: System = server.make_server(config)
    except OSError as error:
        raise SettingsError(f"the SAP-like system cannot listen on {HOST}:{port}: {error.strerror}") from error
    _fill(system)
    return system


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """Serves the system from a thread and yields its address, such as `http://127.0.0.1:50123`."""
    system = make_system(port)
    thread = threading.Thread(target=system.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield address_of(system)
    finally:
        system.shutdown()
        thread.join()
        _close(system)


def address_of(system: System) -> str:
    """Returns the address that clients use as the base URL of their connection."""
    return f"http://{HOST}:{system.server_port}"


def _mock_sap(name: str) -> ModuleType:
    # Imported when it is used: the package belongs to the extra `demo`, and a server must start without it.
    try:
        return importlib.import_module(f"mocksap.{name}")
    except ModuleNotFoundError as error:
        raise SettingsError(
            "the SAP-like system needs the package mock-sap, which is not installed; "
            "install looply with its extra: pip install 'looply[demo]'"
        ) from error


def _extend(schema: ModuleType) -> None:
    """Changes the tables of `mock-sap` for this process. Idempotent."""
    if _ASSIGNMENT in schema.ENTITY_TYPES:
        return
    order, item = schema.ENTITY_TYPES[_ORDER], schema.ENTITY_TYPES[_ITEM]
    status = order.prop("PurchasingProcessingStatus")
    status.updatable = True
    status.concurrency = True
    order.props.append(schema.S("ReleaseCode", max_length=2, label="Release Code"))
    order.props.append(schema.DEC("PurchaseOrderNetAmount", precision=16, scale=2, label="Net Order Value"))
    item.props.append(schema.DEC("NetAmount", precision=16, scale=2, label="Net Amount"))
    item.props.append(schema.S("AccountAssignmentCategory", max_length=1, label="Account Assignment Category"))
    join = [("PurchaseOrder", "PurchaseOrder"), ("PurchaseOrderItem", "PurchaseOrderItem")]
    item.navs.append(schema.Nav("to_AccountAssignment", _ASSIGNMENT, "*", join))
    schema.ENTITY_TYPES[_ASSIGNMENT] = _assignment_type(schema)
    schema.SERVICES[_V2_SERVICE].sets[_ASSIGNMENT] = _ASSIGNMENT
    schema.SERVICES[_V4_SERVICE].sets["PurOrdAccountAssignment"] = _ASSIGNMENT


def _assignment_type(schema: ModuleType) -> object:
    return schema.EntityType(
        _ASSIGNMENT,
        label="Account Assignment",
        props=[
            schema.S("PurchaseOrder", key=True, nullable=False, max_length=10),
            schema.S("PurchaseOrderItem", key=True, nullable=False, max_length=5),
            schema.S("AccountAssignmentNumber", key=True, nullable=False, max_length=2, creatable=False),
            schema.S("CostCenter", max_length=10, label="Cost Center"),
            schema.S("GLAccount", max_length=10, label="G/L Account"),
            schema.DEC("Quantity", precision=13, scale=3),
            schema.S("PurchaseOrderQuantityUnit", max_length=3),
            schema.DEC("MultipleAcctAssgmtDistrPercent", precision=3, scale=1),
            schema.DEC("PurgDocNetAmount", precision=14, scale=3),
            schema.S("DocumentCurrency", max_length=5),
        ],
    )


def _fill(system: System) -> None:
    """Inserts our orders and suppliers, replacing those of the same number that `mock-sap` generates."""
    schema, store = _mock_sap("schema"), _mock_sap("store")
    database = _mock_of(system).conn

    def put(kind: str, key: str, row: Row) -> None:
        entity = schema.ENTITY_TYPES[kind]
        keys = {key: row[key]}
        if store.get(database, entity, keys) is not None:
            store.delete(database, entity, keys)
        store.insert(database, entity, dict(row), user=USER)

    for supplier in SUPPLIERS:
        put("A_BusinessPartner", "BusinessPartner", supplier)
    for order in ORDERS:
        put(_ORDER, "PurchaseOrder", order)


def _mock_of(system: System) -> Any:
    """Returns what `mock-sap`, which has no types, keeps in its server."""
    return vars(system)["mock"]


def _close(system: System) -> None:
    system.server_close()
    _mock_of(system).close()


def _write_ready(file: Path, address: str) -> None:
    """Writes the address atomically: a reader sees all of it or no file."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(f"{address}\n", encoding="utf-8")
    part.replace(file)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until SIGTERM or SIGINT. Returns the exit status: 0, or 1 after printing the reason."""
    parser = argparse.ArgumentParser(prog="python -m looply.demo.sap", description="An SAP-like system for the demo.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="file to write the address to once the system accepts calls")
    options = parser.parse_args(arguments)
    try:
        system = make_system(options.port)
    except SettingsError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # `shutdown` waits for the loop that this handler interrupts, so another thread has to call it.
        threading.Thread(target=system.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    address = address_of(system)
    if options.ready_file is not None:
        _write_ready(options.ready_file, address)
    print(f"SAP-like system on {address}, client {CLIENT}, user {USER}", flush=True)
    system.serve_forever(poll_interval=0.1)
    _close(system)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
