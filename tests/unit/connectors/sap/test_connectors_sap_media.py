"""Media both ways against the strict gateway: bytes arrive as they are."""

from dataclasses import replace
from typing import Any

import pytest

from kit.servers.sap_gateway import PDF, PDF_TYPE, SERVICE_2, SERVICE_4, StrictGateway

IMAGE = bytes(range(256))


@pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])
async def test_a_pdf_of_sap_is_a_blob(service: str, strict: Any, perform: Any, blobs: Any) -> None:
    context = replace(strict.context(), blobs=blobs)
    output = await perform(context, service_path=service, entity="Attachments('order.pdf')/$value")
    assert output["data"] == {"$blob": "1", "type": PDF_TYPE, "name": "", "size": len(PDF)}
    assert (blobs.kept[0].content, output["headers"]["content-type"]) == (PDF, PDF_TYPE)


@pytest.mark.parametrize("service", [SERVICE_2, SERVICE_4])
async def test_a_blob_is_an_attachment_in_sap_byte_by_byte(
    service: str, strict: Any, perform: Any, blobs: Any, gateway: StrictGateway
) -> None:
    reference = await blobs.keep(IMAGE, "image/png", "a.png")
    context = replace(strict.context(), blobs=blobs)
    created = await perform(
        context,
        service_path=service,
        entity="Attachments",
        method="POST",
        headers={"slug": "a.png"},
        body_type="raw",
        body=reference,
    )
    assert (created["status"], gateway.media) == ("201", {"a.png": ("image/png", IMAGE)})
    read = await perform(context, service_path=service, entity="Attachments('a.png')/$value")
    assert (blobs.kept[-1].content, read["data"]["type"]) == (IMAGE, "image/png")
