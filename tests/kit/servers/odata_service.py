"""A service of OData 4.01 by other authors (`odatapy`), on loopback: strict about types of content, keys and decimals.

with OrderService() as service:
    service.add("4500000101", "22899.420")
"""

import threading
from decimal import Decimal
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from odatapy.data import Entity, ValueType
from odatapy.edm.csdl import (
    CsdlAbstractEdmProvider,
    CsdlEntityContainer,
    CsdlEntitySet,
    CsdlEntityType,
    CsdlProperty,
    CsdlPropertyRef,
    CsdlSchema,
)
from odatapy.server import OData
from odatapy.server.adapters import ODataWSGIApp
from odatapy.server.inmemory import InMemoryDataStore, InMemoryProcessor

PATH: Final = "/sap/opu/odata4/sap/z_orders/srvd_a2x/sap/z_orders/0001"
PAGE: Final = 2


class _Model(CsdlAbstractEdmProvider):
    def get_schemas(self) -> list[Any]:
        """Orders with amounts, and attachments, which are media."""
        order = CsdlEntityType(
            name="Order",
            key=[CsdlPropertyRef(name="Order")],
            properties=[
                CsdlProperty(name="Order", type="Edm.String", nullable=False),
                CsdlProperty(name="Total", type="Edm.Decimal", precision=34, scale=3),
                CsdlProperty(name="Text", type="Edm.String"),
            ],
        )
        attachment = CsdlEntityType(
            name="Attachment",
            key=[CsdlPropertyRef(name="Name")],
            properties=[CsdlProperty(name="Name", type="Edm.String", nullable=False)],
            has_stream=True,
        )
        sets = [CsdlEntitySet(name=f"{each.name}s", type=f"Z.{each.name}") for each in (order, attachment)]
        container = CsdlEntityContainer(name="Container", entity_sets=sets)
        return [CsdlSchema(namespace="Z", entity_types=[order, attachment], entity_container=container)]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class OrderService:
    """The service, and the requests that it was sent: method, path and the header `Accept`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str]] = []
        odata = OData.new_instance()
        handler = odata.create_handler(odata.create_service_metadata(_Model()))
        self._store = InMemoryDataStore()
        self._orders: list[Any] = []
        self._attachments: list[Any] = []
        handler.register(InMemoryProcessor(self._store, page_size=PAGE))
        self._server = _Server(("127.0.0.1", 0), self._handler_class())
        self._server.set_app(ODataWSGIApp(handler, PATH))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def address(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "OrderService":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, number: str, total: str) -> None:
        """Adds an order, whose ETag changes with it."""
        order = Entity()
        order.set_property("Order", number, ValueType.PRIMITIVE, "Edm.String")
        order.set_property("Total", Decimal(total), ValueType.PRIMITIVE, "Edm.Decimal")
        order.etag = 'W/"1"'
        self._orders.append(order)
        self._store.set_entities("Orders", self._orders)

    def attach(self, name: str, content: bytes, media_type: str) -> None:
        """Adds an attachment."""
        attachment = Entity()
        attachment.set_property("Name", name, ValueType.PRIMITIVE, "Edm.String")
        attachment.media_content = content
        attachment.media_content_type = media_type
        self._attachments.append(attachment)
        self._store.set_entities("Attachments", self._attachments)

    def _handler_class(self) -> type[WSGIRequestHandler]:
        service = self

        class Handler(WSGIRequestHandler):
            def get_environ(self) -> dict[str, Any]:
                """Adds the path as it came: a slash in a key is not one of the path."""
                service.requests.append((self.command, self.path, self.headers.get("accept", "")))
                return {**super().get_environ(), "REQUEST_URI": self.path}

            def log_message(self, *_: Any) -> None:
                """Logs nothing."""

        return Handler
