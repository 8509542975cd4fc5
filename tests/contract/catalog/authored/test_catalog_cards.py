import pytest

from looply.catalog import Catalog
from looply.catalog.authored.cards import CardDraft, CardVersion
from looply.catalog.authored.workflows import WorkflowDraft
from looply.errors import BadRequest, Conflict, NotFound, Refused

PAYLOAD = {"type": "AdaptiveCard", "version": "1.5", "body": []}


@pytest.fixture
def org(mine) -> str:
    return mine.organization_id


@pytest.fixture
def create(catalog: Catalog, mine):
    async def act(name: str = "Order", **options) -> CardVersion:
        draft = CardDraft(name=name, payload=PAYLOAD, **options)
        return await catalog.cards.create(mine.organization_id, mine.workspace_id, draft, actor="k1")

    return act


def key(card: CardVersion) -> tuple[str, int]:
    return card.card_id, card.card_version


async def test_a_new_card_is_draft_1_and_the_latest(catalog: Catalog, create, org: str, clock) -> None:
    card = await create()

    assert (card.card_version, card.status, card.is_latest) == (1, "DRAFT", True)
    assert (card.card_name, card.card_payload, card.created_by) == ("Order", PAYLOAD, "k1")
    assert (card.workflow_id, card.workflow_version, card.created_on) == (None, None, clock.now())
    assert await catalog.cards.get(org, key(card)) == card


async def test_versions_of_cards_follow_the_rules_of_workflows(catalog: Catalog, create, org: str) -> None:
    first = await create()
    saved = await catalog.cards.save_draft(
        org, key(first), CardDraft(name="Order", payload={"a": 1}), modified_on=first.modified_on
    )
    assert (key(saved), saved.card_payload) == (key(first), {"a": 1})
    with pytest.raises(Conflict) as caught:
        await catalog.cards.save_draft(
            org, key(first), CardDraft(name="Order", payload={"a": 2}), modified_on=first.modified_on
        )
    assert caught.value.code == "STALE"

    active = await catalog.cards.activate(org, key(first))
    assert await catalog.cards.activate(org, key(first)) == active
    second = await catalog.cards.save_draft(
        org, key(first), CardDraft(name="Order", payload={"a": 3}), modified_on=active.modified_on
    )
    assert (second.card_version, second.status) == (2, "DRAFT")
    assert (await catalog.cards.get(org, key(first))).card_payload == {"a": 1}


async def test_the_latest_active_card_is_the_one_with_the_highest_number(catalog: Catalog, create, org: str) -> None:
    first = await create()
    with pytest.raises(Conflict, match="no ACTIVE version"):
        await catalog.cards.latest_active(org, first.card_id)

    await catalog.cards.activate(org, key(first))
    draft = CardDraft(name="Order", payload=PAYLOAD)
    await catalog.cards.save_draft(org, key(first), draft, modified_on=None)
    assert (await catalog.cards.latest_active(org, first.card_id)).card_version == 1

    await catalog.cards.activate(org, (first.card_id, 2))
    assert (await catalog.cards.latest_active(org, first.card_id)).card_version == 2


async def test_a_card_can_be_linked_to_a_workflow_version(catalog: Catalog, create, mine, org: str) -> None:
    workflow = await catalog.workflows.create(org, mine.workspace_id, WorkflowDraft(name="w", definition={}))
    card = await create(workflow=(workflow.workflow_id.upper(), 1))
    assert (card.workflow_id, card.workflow_version) == (workflow.workflow_id, 1)

    with pytest.raises(NotFound, match="workflow not found"):
        await create(workflow=(workflow.workflow_id, 2))


async def test_a_card_whose_workflow_was_deleted_can_still_be_saved(catalog: Catalog, create, mine, org: str) -> None:
    workflow = await catalog.workflows.create(org, mine.workspace_id, WorkflowDraft(name="w", definition={}))
    card = await create(workflow=(workflow.workflow_id, 1))
    await catalog.workflows.delete(org, workflow.workflow_id)

    draft = CardDraft(name="Order", payload=PAYLOAD, workflow=(workflow.workflow_id, 1))
    saved = await catalog.cards.save_draft(org, key(card), draft, modified_on=None)
    assert saved.workflow_id == workflow.workflow_id
    unlinked = CardDraft(name="Order", payload=PAYLOAD)
    assert (await catalog.cards.save_draft(org, key(card), unlinked, modified_on=None)).workflow_id is None


async def test_the_list_pages_newest_first_and_survives_deletions(catalog: Catalog, create, org: str) -> None:
    cards = [await create() for _ in range(5)]
    page = await catalog.cards.list_page(org, 2)
    assert [key(item) for item in page.items] == [key(cards[4]), key(cards[3])]
    assert page.has_more

    await catalog.cards.delete(org, cards[3].card_id)
    rest = await catalog.cards.list_page(org, 10, key(cards[3]))
    assert [key(item) for item in rest.items] == [key(cards[2]), key(cards[1]), key(cards[0])]
    assert not rest.has_more


async def test_an_error_names_its_field(catalog: Catalog, create, mine) -> None:
    with pytest.raises(Refused) as refused:
        await create("")
    assert refused.value.problems[0].path == "/card_name"
    with pytest.raises(BadRequest) as wrong:
        await catalog.cards.create(mine.organization_id, mine.workspace_id, CardDraft(name="a", payload="x"))  # type: ignore[arg-type]
    assert wrong.value.problems[0].path == "/card_payload"
    with pytest.raises(BadRequest, match="incorrect card id"):
        await catalog.cards.get(mine.organization_id, ("x", 1))
