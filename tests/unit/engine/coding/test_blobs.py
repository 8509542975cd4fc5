"""The blobs of executions in a store."""

import pytest

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, Samples
from kit.memory import MemoryStore
from looply.connectors.blobs import Blob
from looply.engine.coding.blobs import CallBlobs, StoredBlobs
from looply.engine.coding.codec import Codec
from looply.errors import BadInput, Rejected
from looply.limits import Limits
from looply.sealing import Sealer
from looply.testing.clock import FakeClock

PDF = b"%PDF-1.7\n\x00\xff\xfe binary " * 10_000
BLOB = Blob(content=PDF, media_type="application/pdf", name="order.pdf")


async def stored(*, blob_bytes: int = 1024**2) -> tuple[StoredBlobs, list[str]]:
    """Returns the blobs of a store with two executions."""
    store = MemoryStore(FakeClock())
    await store.open()
    samples = Samples()
    units = [samples.first(), samples.first()]
    for unit in units:
        await store.journal.commit(unit)
    blobs = StoredBlobs(store.journal, Codec(Sealer(bytes(32))), Limits(blob_bytes=blob_bytes))
    return blobs, [unit.execution_id for unit in units]


async def test_a_blob_is_found_by_its_reference_in_its_execution_alone() -> None:
    blobs, (first, second) = await stored()
    reference = await blobs.keep(first, ORGANIZATION, BLOB)
    assert {**reference, "$blob": ""} == {
        "$blob": "",
        "type": "application/pdf",
        "name": "order.pdf",
        "size": len(PDF),
    }
    assert await blobs.find(first, ORGANIZATION, reference) == BLOB
    assert await blobs.find(second, ORGANIZATION, reference) is None
    assert await blobs.keep(first, ORGANIZATION, BLOB) == reference
    other = await blobs.keep(second, OTHER_ORGANIZATION, BLOB)
    assert other["$blob"] != reference["$blob"], "a hash must not prove what another organization stores"


@pytest.mark.parametrize("reference", [None, "x", {}, {"$blob": 1}, {"$blob": "zz"}, {"$blob": "z" * 64}])
async def test_what_is_no_reference_finds_nothing(reference: object) -> None:
    blobs, (first, _) = await stored()
    assert await blobs.find(first, ORGANIZATION, reference) is None


async def test_a_blob_over_the_limit_is_a_clear_error_and_not_stored() -> None:
    blobs, (first, _) = await stored(blob_bytes=len(PDF) - 1)
    with pytest.raises(Rejected, match="limit blob_bytes") as caught:
        await blobs.keep(first, ORGANIZATION, BLOB)
    assert (caught.value.code, caught.value.sent) == ("BLOB_TOO_LARGE", True)


async def test_bytes_with_a_secret_of_the_call_are_not_kept() -> None:
    blobs, (first, _) = await stored()
    credentials: list[str] = []
    call = CallBlobs(blobs, first, ORGANIZATION, (credentials, ["short"]))
    credentials.append("hunter2-hunter2")
    assert await call.keep(PDF + b"hunter2-hunter2", "application/pdf", "") is None
    reference = await call.keep(PDF + b"hunter", "application/pdf", "")
    assert (await call.open(reference)).content == PDF + b"hunter"
    with pytest.raises(BadInput, match="no such blob"):
        await call.open({"$blob": "0" * 64})
