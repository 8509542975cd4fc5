import asyncio
from datetime import timedelta

import pytest

from looply.catalog import Catalog
from looply.catalog.authored.workflows import WorkflowDraft, WorkflowVersion, definition_hash
from looply.catalog.storage.pages import Page
from looply.errors import BadRequest, Conflict, DefinitionError, NotFound, Problem, Refused

UNKNOWN = "be9439c2-16b9-4de2-bb1a-9154b85af065"


def draft(name: str = "Approval", **definition) -> WorkflowDraft:
    return WorkflowDraft(name=name, definition=definition or {"workflow_steps": []})


@pytest.fixture
def org(mine) -> str:
    return mine.organization_id


@pytest.fixture
def create(catalog: Catalog, mine):
    async def act(content: WorkflowDraft | None = None) -> WorkflowVersion:
        return await catalog.workflows.create(mine.organization_id, mine.workspace_id, content or draft(), actor="k1")

    return act


def key(version: WorkflowVersion) -> tuple[str, int]:
    return version.workflow_id, version.workflow_version


async def test_a_new_workflow_is_draft_1_and_the_latest(catalog: Catalog, create, mine, clock) -> None:
    content = {"b": 1, "a": [1.5, None, 10**63], "text": "ü"}
    version = await create(WorkflowDraft(name="Approval", definition=content))

    assert (version.workflow_version, version.status, version.is_latest) == (1, "DRAFT", True)
    assert (version.organization_id, version.workspace_id) == (mine.organization_id, mine.workspace_id)
    assert (version.created_by, version.modified_by) == ("k1", None)
    assert version.created_on == version.modified_on == clock.now()
    assert version.definition == content
    assert list(version.definition) == ["b", "a", "text"]
    assert version.definition_hash == definition_hash(content)
    assert (version.findings, version.mock_payload, version.mock_schema) == ((), None, None)
    assert await catalog.workflows.get(mine.organization_id, key(version)) == version


async def test_ids_are_matched_without_regard_to_letter_case(catalog: Catalog, create, org: str) -> None:
    version = await create()

    assert await catalog.workflows.get(org, (version.workflow_id.upper(), 1)) == version


async def test_saving_a_draft_changes_it_in_place(catalog: Catalog, create, org: str) -> None:
    first = await create()
    saved = await catalog.workflows.save_draft(
        org, key(first), draft("Renamed", a=1), modified_on=first.modified_on, actor="k2"
    )

    assert key(saved) == key(first)
    assert (saved.workflow_name, saved.definition) == ("Renamed", {"a": 1})
    assert (saved.created_by, saved.modified_by) == ("k1", "k2")
    assert saved.definition_hash != first.definition_hash
    assert saved.modified_on > first.modified_on


async def test_of_two_authors_who_read_the_same_version_the_second_gets_a_conflict(
    catalog: Catalog, create, org: str
) -> None:
    first = await create()
    await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=first.modified_on, actor="k2")

    with pytest.raises(Conflict, match=r"changed on .* by k2; read it again") as caught:
        await catalog.workflows.save_draft(org, key(first), draft(a=2), modified_on=first.modified_on)

    assert caught.value.code == "STALE"
    assert (await catalog.workflows.get(org, key(first))).definition == {"a": 1}


async def test_saving_without_a_lock_overwrites(catalog: Catalog, create, org: str) -> None:
    first = await create()
    await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=first.modified_on)

    assert (await catalog.workflows.save_draft(org, key(first), draft(a=2), modified_on=None)).definition == {"a": 2}


async def test_saving_over_an_active_version_makes_the_next_draft(catalog: Catalog, create, org: str) -> None:
    first = await create()
    active = await catalog.workflows.activate(org, key(first))
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=active.modified_on, actor="k2")

    assert (second.workflow_version, second.status, second.is_latest, second.created_by) == (2, "DRAFT", True, "k2")
    unchanged = await catalog.workflows.get(org, key(first))
    assert (unchanged.definition, unchanged.status, unchanged.is_latest) == (first.definition, "ACTIVE", False)


async def test_saving_over_an_active_version_below_a_draft_overwrites_nothing(
    catalog: Catalog, create, org: str
) -> None:
    first = await create()
    await catalog.workflows.activate(org, key(first))
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    third = await catalog.workflows.save_draft(org, key(first), draft(a=2), modified_on=None)

    assert (second.workflow_version, third.workflow_version) == (2, 3)
    assert (await catalog.workflows.get(org, key(second))).definition == {"a": 1}


async def test_a_number_is_never_given_again(catalog: Catalog, create, org: str) -> None:
    first = await create()
    await catalog.workflows.activate(org, key(first))
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    await catalog.workflows.delete(org, *key(second))

    assert (await catalog.workflows.save_draft(org, key(first), draft(a=2), modified_on=None)).workflow_version == 3


async def test_an_active_version_stays_as_it_is_when_activated_again(catalog: Catalog, create, org: str) -> None:
    first = await create()
    active = await catalog.workflows.activate(org, key(first), actor="k2")
    again = await catalog.workflows.activate(org, key(first), actor="k3")

    assert active.status == "ACTIVE"
    assert active.modified_by == "k2"
    assert again == active


async def test_a_draft_with_findings_is_kept_and_not_activated(catalog: Catalog, create, org: str) -> None:
    findings = (Problem(path="/workflow_steps", message="no start", hint="add one"), Problem(path="", message="b"))
    first = await create(WorkflowDraft(name="a", definition={}, findings=findings))
    assert first.findings == findings

    with pytest.raises(DefinitionError, match="2 findings") as caught:
        await catalog.workflows.activate(org, key(first))
    assert caught.value.problems == findings

    repaired = await catalog.workflows.save_draft(org, key(first), draft(), modified_on=first.modified_on)
    assert repaired.findings == ()
    assert (await catalog.workflows.activate(org, key(first))).status == "ACTIVE"


async def test_what_was_checked_is_what_is_activated(catalog: Catalog, create, org: str) -> None:
    first = await create()
    await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=first.modified_on)

    with pytest.raises(Conflict) as caught:
        await catalog.workflows.activate(org, key(first), definition_hash=first.definition_hash)

    assert caught.value.code == "STALE"
    assert (await catalog.workflows.get(org, key(first))).status == "DRAFT"


async def test_the_newest_active_version_is_the_one_with_the_highest_number(catalog: Catalog, create, org: str) -> None:
    first = await create()
    with pytest.raises(Conflict) as caught:
        await catalog.workflows.latest_active(org, first.workflow_id)
    assert caught.value.code == "NO_ACTIVE_VERSION"

    await catalog.workflows.activate(org, key(first))
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    assert (await catalog.workflows.latest_active(org, first.workflow_id)).workflow_version == 1
    assert await catalog.workflows.latest_version(org, first.workflow_id) == 2

    await catalog.workflows.activate(org, key(second))
    assert (await catalog.workflows.latest_active(org, first.workflow_id)).workflow_version == 2

    await catalog.workflows.delete(org, *key(second))
    assert (await catalog.workflows.latest_active(org, first.workflow_id)).workflow_version == 1
    assert (await catalog.workflows.get(org, key(first))).is_latest


async def test_deleting_a_workflow_deletes_all_versions(catalog: Catalog, create, org: str) -> None:
    first = await create()
    await catalog.workflows.activate(org, key(first))
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    await catalog.workflows.delete(org, first.workflow_id)

    for version in (first, second):
        with pytest.raises(NotFound):
            await catalog.workflows.get(org, key(version))
    with pytest.raises(NotFound):
        await catalog.workflows.latest_version(org, first.workflow_id)
    with pytest.raises(NotFound):
        await catalog.workflows.latest_active(org, first.workflow_id)
    with pytest.raises(NotFound):
        await catalog.workflows.delete(org, first.workflow_id)


async def test_a_deleted_definition_is_gone_from_the_table(catalog: Catalog, create, org: str) -> None:
    first = await create(draft("canary name", secret="canary"))
    await catalog.workflows.delete(org, *key(first))

    rows = await catalog.database.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM workflow_versions").all()
    )
    assert "canary" not in repr(rows)


@pytest.mark.parametrize("version", [0, -1, 2, 2**31, 2**80])
async def test_a_version_that_does_not_exist_is_not_found(catalog: Catalog, create, org: str, version: int) -> None:
    first = await create()

    with pytest.raises(NotFound, match="workflow not found") as caught:
        await catalog.workflows.get(org, (first.workflow_id, version))

    assert caught.value.code == "WORKFLOW_NOT_FOUND"
    which = f"version {version} of workflow {first.workflow_id!r}"
    assert [(each.path, each.message) for each in caught.value.problems] == [
        ("/workflow_id", f"{which} does not exist; list the workflows and their versions")
    ]


@pytest.mark.parametrize("workflow_id", ["", "1", UNKNOWN + "0", "{" + UNKNOWN + "}", "\ud800", "' OR 1=1 --"])
async def test_a_malformed_id_is_a_bad_request(catalog: Catalog, org: str, workflow_id: str) -> None:
    with pytest.raises(BadRequest, match="incorrect workflow id"):
        await catalog.workflows.get(org, (workflow_id, 1))


async def test_a_workspace_of_another_organization_is_not_found(catalog: Catalog, mine, theirs) -> None:
    with pytest.raises(NotFound, match=r"workspace '.*' not found; list the workspaces for their ids"):
        await catalog.workflows.create(mine.organization_id, theirs.workspace_id, draft())


async def test_a_wrong_name_and_a_definition_that_is_no_object_are_refused(catalog: Catalog, create) -> None:
    with pytest.raises(Refused) as caught:
        await create(draft(""))
    assert caught.value.problems[0].path == "/workflow_name"

    with pytest.raises(BadRequest) as wrong:
        await create(WorkflowDraft(name="a", definition=[]))  # type: ignore[arg-type]
    assert wrong.value.problems[0].path == "/definition"

    with pytest.raises(BadRequest) as wrong:
        await create(WorkflowDraft(name="a", definition={"a": "\ud800"}))
    assert wrong.value.code == "UNSTORABLE"


async def test_a_mock_is_kept_beside_an_active_version_and_leaves_its_lock(catalog: Catalog, create, org: str) -> None:
    first = await create()
    active = await catalog.workflows.activate(org, key(first))
    await catalog.workflows.store_mock(org, key(first), {"amount": 7}, {"type": "object"})

    stored = await catalog.workflows.get(org, key(first))
    assert (stored.mock_payload, stored.mock_schema) == ({"amount": 7}, {"type": "object"})
    assert stored.modified_on == active.modified_on

    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    assert (second.mock_payload, second.mock_schema) == ({"amount": 7}, {"type": "object"})


async def test_null_is_a_mock_payload_too(catalog: Catalog, create, org: str) -> None:
    first = await create()
    await catalog.workflows.store_mock(org, key(first), None, {"type": "null"})

    assert (await catalog.workflows.get(org, key(first))).mock_schema == {"type": "null"}


async def _walk(catalog: Catalog, org: str, limit: int) -> list[tuple[str, int]]:
    seen, after, has_more = [], None, True
    while has_more:
        page = await catalog.workflows.list_page(org, limit, after)
        seen += [key(item) for item in page.items]
        after, has_more = seen[-1] if seen else None, page.has_more
    return seen


async def test_the_list_shows_every_version_once_newest_created_first(catalog: Catalog, create, org: str) -> None:
    assert await catalog.workflows.list_page(org, 20) == Page(items=(), has_more=False)
    first = await create()
    await catalog.workflows.activate(org, key(first))
    other = await create()
    second = await catalog.workflows.save_draft(org, key(first), draft(a=1), modified_on=None)
    await catalog.workflows.save_draft(org, key(other), draft(a=1), modified_on=None)

    expected = [key(second), key(other), key(first)]
    for limit in (1, 2, 3, 4):
        assert await _walk(catalog, org, limit) == expected
    page = await catalog.workflows.list_page(org, 3)
    assert [item.is_latest for item in page.items] == [True, True, False]
    assert not page.has_more


async def test_the_list_keeps_its_order_when_the_clock_is_set_back(catalog: Catalog, create, org: str, clock) -> None:
    versions = []
    for _ in range(5):
        versions.append(await create())
        clock.set_wall(-timedelta(hours=1))

    created = [version.created_on for version in versions]
    assert created == sorted(set(created))
    assert await _walk(catalog, org, 2) == [key(version) for version in reversed(versions)]


async def test_a_walk_sees_what_was_there_once_while_others_come_and_go(catalog: Catalog, create, org: str) -> None:
    old = [key(await create()) for _ in range(7)]
    seen, after, has_more = [], None, True
    while has_more:
        page = await catalog.workflows.list_page(org, 2, after)
        seen += [key(item) for item in page.items]
        after, has_more = seen[-1], page.has_more
        await create()

    assert seen == list(reversed(old))


async def test_a_cursor_whose_version_was_deleted_remains_valid(catalog: Catalog, create, org: str) -> None:
    versions = [key(await create()) for _ in range(4)]
    page = await catalog.workflows.list_page(org, 2)
    cursor = key(page.items[-1])
    await catalog.workflows.delete(org, cursor[0])

    rest = await catalog.workflows.list_page(org, 2, cursor)
    assert [key(item) for item in rest.items] == [versions[1], versions[0]]
    assert await _walk(catalog, org, 1) == [versions[3], versions[1], versions[0]]


@pytest.mark.parametrize("version", [-1, 0, 2, 2**80])
async def test_a_cursor_that_was_never_a_version_is_a_bad_request(
    catalog: Catalog, create, org: str, version: int
) -> None:
    first = await create()

    with pytest.raises(BadRequest) as caught:
        await catalog.workflows.list_page(org, 2, (first.workflow_id, version))

    assert caught.value.code == "BAD_CURSOR"


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_that_is_not_positive_is_a_bad_request(catalog: Catalog, org: str, limit: int) -> None:
    with pytest.raises(BadRequest, match="positive"):
        await catalog.workflows.list_page(org, limit)


async def test_of_concurrent_authors_exactly_one_wins_also_across_processes(
    open_catalog, catalog: Catalog, location, create, org: str
) -> None:
    other = await open_catalog(location)
    first = await create()

    async def save(author: Catalog, number: int) -> bool:
        try:
            await author.workflows.save_draft(org, key(first), draft(a=number), modified_on=first.modified_on)
        except Conflict:
            return False
        return True

    results = await asyncio.gather(*(save(author, n) for n in range(10) for author in (catalog, other)))
    assert results.count(True) == 1


async def test_concurrent_drafts_over_an_active_version_get_numbers_of_their_own(
    open_catalog, catalog: Catalog, location, create, org: str
) -> None:
    other = await open_catalog(location)
    first = await create()
    await catalog.workflows.activate(org, key(first))

    versions = await asyncio.gather(
        *(
            author.workflows.save_draft(org, key(first), draft(a=n), modified_on=None)
            for n in range(10)
            for author in (catalog, other)
        )
    )
    assert sorted(version.workflow_version for version in versions) == list(range(2, 22))
    assert len({version.created_on for version in versions}) == 20
