"""Cards in channels: which of them a definition may name, who answers by one, and what lists say of a delivery."""

import pytest
from server_kit import CARDING, Caller, card_step, definition, note_step

from looply.app.context.services import Services
from looply.app.executions import sent_cards
from looply.app.executions.sent_cards import Sender
from looply.errors import Conflict
from looply.execution.facts.commands import Recorded
from looply.execution.facts.values.actor import Actor


def sender(email: str, *addresses: str) -> Sender:
    actor = Actor(kind="channel", user_id=f"id of {email}", email=email, name="A Person")
    return Sender(actor=actor, addresses=addresses, via="TEAMS")


async def test_a_channel_that_the_installation_lacks_is_an_error_of_a_definition(mine: Caller) -> None:
    step = card_step()
    step["settings"] = {**step["settings"], "channel": "teams"}
    answer = await mine.post("validateWorkflow", {"definition": definition(step, note_step())})
    (problem,) = answer.json()["errors"]
    assert problem["path"].endswith("/settings/channel")
    assert problem["message"] == "the channel 'teams' is not available in this installation"


async def test_a_card_of_the_inbox_has_no_delivery(mine: Caller) -> None:
    await mine.trigger(await mine.create(CARDING))
    (item,) = (await mine.get("getOpenCards")).json()["items"]
    assert item["delivery"] is None


async def test_a_channel_answers_as_the_person_whom_it_knows_and_as_no_other(mine: Caller, services: Services) -> None:
    workflow_id = await mine.create(CARDING)
    execution_id = await mine.trigger(workflow_id)
    (item,) = (await mine.get("getOpenCards")).json()["items"]
    with pytest.raises(Conflict) as refused:
        await sent_cards.answer_by_link(services, item["token"], {"comment": "fine"}, sender=sender("bob@example.com"))
    assert refused.value.code == "NOT_YOURS"
    ann = sender("a.n@corp.example", "ann@example.com")
    assert await sent_cards.answer_by_link(services, item["token"], {"comment": "fine"}, sender=ann) == Recorded()
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    log = (await mine.get("getWorkflowExecutionById", **query)).json()["item"]["workflow_event_log"]["events"]
    (entry,) = [each for each in log if each["type"] == "CARD_ANSWERED"]
    assert (entry["user"], entry["via"], entry["actor"]["email"]) == ("ann@example.com", "TEAMS", "a.n@corp.example")
