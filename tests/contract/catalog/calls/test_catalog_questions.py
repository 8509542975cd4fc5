"""Questions that a server leaves for the workers."""

from pathlib import Path

from kit.catalog import Opened, Tenant
from looply.catalog import Catalog
from looply.catalog.calls.questions import KEPT
from looply.testing.clock import FakeClock

CONTENT = {"what": "test", "connection": {"secrets": {"password": "hunter2-hunter2"}}}


async def test_a_question_is_taken_once_and_its_answer_found(catalog: Catalog, mine: Tenant) -> None:
    question_id = await catalog.questions.ask(mine.organization_id, "sap", CONTENT)
    assert await catalog.questions.find(mine.organization_id, question_id) == ("OPEN", None)
    assert await catalog.questions.take(("http",)) == ()
    (taken,) = await catalog.questions.take(("http", "sap"))
    assert (taken.organization_id, taken.content) == (mine.organization_id, CONTENT)
    assert "hunter2" not in repr(taken)
    assert await catalog.questions.take(("sap",)) == ()
    assert await catalog.questions.find(mine.organization_id, question_id) == ("TAKEN", None)
    await catalog.questions.answer(taken, {"result": [1]})
    assert await catalog.questions.find(mine.organization_id, question_id) == ("ANSWERED", {"result": [1]})
    await catalog.questions.drop(mine.organization_id, question_id)
    assert await catalog.questions.find(mine.organization_id, question_id) == ("OPEN", None)
    await catalog.questions.answer(taken, {"result": [2]})
    assert await catalog.questions.find(mine.organization_id, question_id) == ("OPEN", None)


async def test_another_organization_finds_and_drops_nothing(catalog: Catalog, mine: Tenant) -> None:
    other = Tenant(*await catalog.organizations.create("Other"))
    question_id = await catalog.questions.ask(mine.organization_id, "sap", CONTENT)
    await catalog.questions.drop(other.organization_id, question_id)
    (taken,) = await catalog.questions.take(("sap",))
    await catalog.questions.answer(taken, "yes")
    assert await catalog.questions.find(other.organization_id, question_id) == ("OPEN", None)
    assert await catalog.questions.find(mine.organization_id, question_id) == ("ANSWERED", "yes")


async def test_old_questions_are_neither_taken_nor_kept(catalog: Catalog, mine: Tenant, clock: FakeClock) -> None:
    old = await catalog.questions.ask(mine.organization_id, "sap", CONTENT)
    clock.advance(2 * KEPT)
    assert await catalog.questions.take(("sap",)) == ()
    await catalog.questions.ask(mine.organization_id, "http", CONTENT)
    (taken,) = await catalog.questions.take(("sap", "http"))
    assert taken.question_id != old


async def test_secrets_of_a_question_are_sealed(open_catalog: Opened, tmp_path: Path) -> None:
    catalog = await open_catalog(tmp_path / "catalog.db")
    organization_id, _ = await catalog.organizations.create("Mine")
    await catalog.questions.ask(organization_id, "sap", CONTENT)
    (taken,) = await catalog.questions.take(("sap",))
    await catalog.questions.answer(taken, {"result": "hunter2-hunter2"})
    await catalog.close()
    assert files_with(tmp_path, b"hunter2") == []


def files_with(folder: Path, text: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if text in file.read_bytes()]
