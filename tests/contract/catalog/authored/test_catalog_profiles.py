import pytest

from looply.catalog import Catalog
from looply.catalog.authored.profiles import MAX_PROFILES
from looply.catalog.authored.workflows import WorkflowDraft
from looply.errors import BadRequest, Conflict, NotFound, Refused


@pytest.fixture
def org(mine) -> str:
    return mine.organization_id


@pytest.fixture
async def workflow_id(catalog: Catalog, mine) -> str:
    version = await catalog.workflows.create(
        mine.organization_id, mine.workspace_id, WorkflowDraft(name="w", definition={})
    )
    return version.workflow_id


async def _names(catalog: Catalog, org: str, workflow_id: str) -> list[tuple[str, bool]]:
    return [(profile.name, profile.is_default) for profile in await catalog.profiles.list_all(org, workflow_id)]


async def test_the_first_profile_is_the_default(catalog: Catalog, org: str, workflow_id: str, clock) -> None:
    assert await catalog.profiles.find_default(org, workflow_id) is None
    assert await catalog.profiles.list_all(org, workflow_id) == ()

    prod = await catalog.profiles.create(org, workflow_id, "prod", {"url": "https://p"}, actor="k1")
    await catalog.profiles.create(org, workflow_id, "dev", {})

    assert (prod.values, prod.is_default, prod.created_by, prod.created_on) == (
        {"url": "https://p"},
        True,
        "k1",
        clock.now(),
    )
    assert await catalog.profiles.find_default(org, workflow_id) == prod
    assert await catalog.profiles.get(org, workflow_id, "prod") == prod
    assert await _names(catalog, org, workflow_id) == [("dev", False), ("prod", True)]


async def test_another_profile_can_be_made_the_default(catalog: Catalog, org: str, workflow_id: str) -> None:
    await catalog.profiles.create(org, workflow_id, "prod", {})
    await catalog.profiles.create(org, workflow_id, "dev", {})
    await catalog.profiles.set_default(org, workflow_id, "dev")

    assert await _names(catalog, org, workflow_id) == [("dev", True), ("prod", False)]


async def test_an_update_replaces_the_values(catalog: Catalog, org: str, workflow_id: str) -> None:
    made = await catalog.profiles.create(org, workflow_id, "prod", {"a": 1})
    updated = await catalog.profiles.update(org, workflow_id, "prod", {"b": 2}, actor="k2")

    assert (updated.values, updated.modified_by, updated.is_default) == ({"b": 2}, "k2", True)
    assert updated.modified_on > made.modified_on


async def test_a_renamed_profile_stays_the_default(catalog: Catalog, org: str, workflow_id: str) -> None:
    await catalog.profiles.create(org, workflow_id, "prod", {"a": 1})
    await catalog.profiles.create(org, workflow_id, "dev", {})
    renamed = await catalog.profiles.update(org, workflow_id, "prod", new_name="production")

    assert (renamed.name, renamed.values, renamed.is_default) == ("production", {"a": 1}, True)
    with pytest.raises(NotFound):
        await catalog.profiles.get(org, workflow_id, "prod")
    with pytest.raises(Conflict, match="dev already") as caught:
        await catalog.profiles.update(org, workflow_id, "production", new_name="dev")
    assert caught.value.code == "PROFILE_EXISTS"
    assert (await catalog.profiles.update(org, workflow_id, "dev", new_name="dev")).name == "dev"


async def test_a_new_name_and_new_values_are_stored_together_or_not_at_all(
    catalog: Catalog, org: str, workflow_id: str
) -> None:
    await catalog.profiles.create(org, workflow_id, "prod", {"a": 1})
    for values, new_name in (({"a": "\ud800"}, "production"), ({"a": 2}, " ")):
        with pytest.raises((BadRequest, Refused)):
            await catalog.profiles.update(org, workflow_id, "prod", values, new_name=new_name)
        assert (await catalog.profiles.get(org, workflow_id, "prod")).values == {"a": 1}
    updated = await catalog.profiles.update(org, workflow_id, "prod", {"a": 2}, new_name="production")
    assert (updated.name, updated.values) == ("production", {"a": 2})


async def test_the_default_goes_last(catalog: Catalog, org: str, workflow_id: str) -> None:
    await catalog.profiles.create(org, workflow_id, "prod", {})
    await catalog.profiles.create(org, workflow_id, "dev", {})
    with pytest.raises(Conflict, match="another one the default first") as caught:
        await catalog.profiles.delete(org, workflow_id, "prod")
    assert caught.value.code == "PROFILE_IS_DEFAULT"

    await catalog.profiles.delete(org, workflow_id, "dev")
    await catalog.profiles.delete(org, workflow_id, "prod")
    assert await _names(catalog, org, workflow_id) == []


async def test_profiles_go_with_the_last_version_of_their_workflow(
    catalog: Catalog, org: str, workflow_id: str
) -> None:
    await catalog.profiles.create(org, workflow_id, "prod", {})
    await catalog.workflows.delete(org, workflow_id.upper(), 1)

    assert await catalog.profiles.find_default(org, workflow_id) is None
    with pytest.raises(NotFound, match="workflow not found"):
        await catalog.profiles.list_all(org, workflow_id)
    with pytest.raises(NotFound, match="workflow not found"):
        await catalog.profiles.create(org, workflow_id, "prod", {})


async def test_a_workflow_has_a_bounded_number_of_profiles(catalog: Catalog, org: str, workflow_id: str) -> None:
    for number in range(MAX_PROFILES):
        await catalog.profiles.create(org, workflow_id, f"p{number}", {})

    with pytest.raises(Conflict, match="the most allowed"):
        await catalog.profiles.create(org, workflow_id, "one more", {})


@pytest.mark.parametrize("name", ["nothing", "", "\ud800", "a\nb", "x" * 500])
async def test_a_name_that_no_profile_has_is_not_found(catalog: Catalog, org: str, workflow_id: str, name: str) -> None:
    with pytest.raises(NotFound, match=r"profile '.*' not found; list the profiles for their names") as caught:
        await catalog.profiles.get(org, workflow_id, name)

    assert caught.value.code == "PROFILE_NOT_FOUND"


async def test_names_are_compared_after_nfc(catalog: Catalog, org: str, workflow_id: str) -> None:
    await catalog.profiles.create(org, workflow_id, "cafe\u0301", {})

    assert (await catalog.profiles.get(org, workflow_id, "café")).name == "café"
    with pytest.raises(Conflict):
        await catalog.profiles.create(org, workflow_id, "café", {})


async def test_an_error_names_its_field(catalog: Catalog, org: str, workflow_id: str) -> None:
    with pytest.raises(Refused) as refused:
        await catalog.profiles.create(org, workflow_id, " ", {})
    assert refused.value.problems[0].path == "/name"
    with pytest.raises(BadRequest) as wrong:
        await catalog.profiles.create(org, workflow_id, "a", [1])  # type: ignore[arg-type]
    assert wrong.value.problems[0].path == "/values"
