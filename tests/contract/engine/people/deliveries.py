"""Whether copies of cards reach their recipients: what channels report, unknown sends, and other channels instead."""

from datetime import timedelta
from typing import Any

import pytest

from contract.engine.people.approvals import ANN, BOB, BOSS, PEOPLE, asked, card_for, decide, decided, token
from contract.engine.people.copies import MINUTE, elsewhere, reconcile, seen
from kit.channel import FakeChannel
from kit.definitions import card, chain
from kit.driver import Driver
from looply.engine.cards.learning import learn
from looply.engine.cards.marks import UNKNOWN_PAUSE
from looply.engine.ports.card_channel import Copy
from looply.errors import StoreFull
from looply.execution.facts.commands import AnswerCard, Declined, Recorded, Reply
from looply.execution.facts.events import CardClosed, CardDelivered, CardUndelivered, CardWanted
from looply.execution.facts.state import Card
from looply.execution.facts.values.actor import Actor

SOON = timedelta(minutes=15)
FALLBACK = [{"after": "PT15M", "channel": "email"}, {"after": "PT1H", "channel": "inbox"}]


async def asked_in_teams(engine: Driver, **settings: Any) -> tuple[FakeChannel, str]:
    """Starts an execution that asks Ann and Bob by Teams, with fallbacks."""
    channel = await elsewhere(engine, "teams", "email")
    del engine.channels["inbox"]
    await engine.restart()
    facts = {"recipients": [ANN, BOB], "channel": "teams", "fallback": FALLBACK, **settings}
    return channel, await asked(engine, **facts)


async def open_by(engine: Driver, execution_id: str) -> dict[str, list[str]]:
    """Returns the channels of the open cards by recipient."""
    found: dict[str, list[str]] = {}
    for one in (await engine.state(execution_id)).cards.values():
        if one.status == "OPEN":
            found.setdefault(one.recipient, []).append(one.channel)
    return found


async def row_of(engine: Driver, sent: Card) -> Any:
    return await engine.store.copies.find(sent.card_id)


async def answer_as(engine: Driver, execution_id: str, part: int, email: str, *addresses: str) -> Reply:
    """Answers a copy as a person whom the channel vouches for."""
    command = AnswerCard(
        at=engine.clock.now(),
        via="TEAMS",
        token=await token(engine, execution_id, part),
        data={"action": "approve"},
        actor=Actor(kind="channel", user_id=f"id of {email}", email=email),
        addresses=addresses,
    )
    return await engine.shell.submit(execution_id, command)


class DeliveryStories:
    """What is known of a copy in its channel."""

    async def test_a_delivery_is_recorded_once_for_each_copy(self, engine: Driver) -> None:
        await elsewhere(engine)
        execution_id = await asked(engine)
        before = await card_for(engine, execution_id, ANN)
        assert (before.delivery, (await row_of(engine, before)).state) == ("PENDING", "PENDING")
        await reconcile(engine)
        delivered = await engine.events(execution_id, CardDelivered)
        assert sorted(event.recipient for event in delivered) == PEOPLE
        after = await card_for(engine, execution_id, ANN)
        assert (after.delivery, after.changed) == ("SHOWN", before.changed)
        row = await row_of(engine, after)
        assert (row.state, row.is_reported, row.is_stale) == ("SHOWN", True, False)
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        assert len(await engine.events(execution_id, CardDelivered)) == len(PEOPLE)

    async def test_a_recipient_who_cannot_be_reached_is_not_tried_again_until_the_cause_is_gone(
        self, engine: Driver
    ) -> None:
        channel = await elsewhere(engine)
        channel.blocked.add(ANN)
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine, timedelta(hours=3))
        assert len(channel.calls) == 1
        sent = await card_for(engine, execution_id, ANN)
        (event,) = await engine.events(execution_id, CardUndelivered)
        assert (event.reason, event.code, event.card) == ("BLOCKED", "BLOCKED_BY_USER", sent.card_id)
        assert (sent.delivery, sent.delivery_code) == ("BLOCKED", "BLOCKED_BY_USER")
        assert await engine.store.copies.count_stale() == 0
        found = await engine.store.overview.deliveries([sent.card_id, "another"])
        assert {key: (each.state, each.code, each.is_stale) for key, each in found.items()} == {
            sent.card_id: ("BLOCKED", "BLOCKED_BY_USER", False)
        }
        channel.blocked.clear()
        await engine.store.copies.retry([sent.card_id, "another"], engine.clock.now())
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == {ANN: "OPEN"}
        assert (await card_for(engine, execution_id, ANN)).delivery == "SHOWN"

    async def test_a_card_that_a_channel_cannot_show_has_failed_until_it_changes(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("BREAK")
        execution_id = await asked(engine, recipients=[ANN], reminders=["PT1H"])
        await reconcile(engine)
        (event,) = await engine.events(execution_id, CardUndelivered)
        assert (event.reason, event.code) == ("FAILED", "TOO_LARGE")
        await engine.advance(timedelta(hours=1))
        await reconcile(engine)
        assert await seen(engine, channel, execution_id) == {ANN: "OPEN"}
        assert channel.reminders == []  # its first message is the reminder

    async def test_a_pause_that_a_channel_asks_for_is_kept_also_when_the_copy_changes(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("WAIT")
        execution_id = await asked(engine, recipients=[ANN], reminders=["PT1M"])
        await reconcile(engine, timedelta(seconds=1))
        row = await row_of(engine, await card_for(engine, execution_id, ANN))
        assert (row.state, row.code, row.attempts) == ("PENDING", "CHANNEL_PAUSE", 1)
        await engine.advance(MINUTE)
        await reconcile(engine, timedelta(seconds=1))
        assert len(channel.calls) == 1
        await reconcile(engine, MINUTE)
        assert await seen(engine, channel, execution_id) == {ANN: "OPEN"}
        assert len(channel.calls) == 2

    async def test_a_pause_for_all_holds_the_copies_of_others(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.is_pause_for_all = True
        channel.troubles.append("WAIT")
        first = await asked(engine, recipients=[ANN])
        await engine.reconciler.tick()
        second = await asked(engine, recipients=[BOB])
        assert await engine.reconciler.tick() == 0
        engine.clock.advance(channel.pause)
        await reconcile(engine)
        assert await seen(engine, channel, first) == await seen(engine, channel, second)

    async def test_a_pause_for_all_that_never_ends_is_one_of_an_hour(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.is_pause_for_all, channel.pause = True, timedelta.max
        channel.troubles.append("WAIT")
        first = await asked(engine, recipients=[ANN])
        await engine.reconciler.tick()
        await asked(engine, recipients=[BOB])
        engine.clock.advance(timedelta(minutes=59))
        assert await engine.reconciler.tick() == 0
        engine.clock.advance(MINUTE)
        assert await engine.reconciler.tick() == 2
        assert await seen(engine, channel, first) == {ANN: "OPEN", BOB: "OPEN"}

    async def test_a_first_send_with_an_unknown_outcome_waits_for_a_sign_of_life(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("LOSE")
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine, timedelta(seconds=1))
        sent = await card_for(engine, execution_id, ANN)
        (message,) = channel.messages_of(sent.card_id)
        handle = channel.handle_of(message)
        copies = engine.store.copies
        assert await learn(copies, sent.card_id, handle, engine.clock.now())
        assert not await learn(copies, sent.card_id, handle, engine.clock.now())
        assert not await learn(copies, "another", handle, engine.clock.now())
        assert (await row_of(engine, sent)).state == "SHOWN"
        await reconcile(engine, UNKNOWN_PAUSE + MINUTE)
        assert channel.messages_of(sent.card_id) == [message]
        assert (await card_for(engine, execution_id, ANN)).delivery == "SHOWN"

    async def test_a_message_that_shows_itself_gets_the_newest_look_at_once(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("LOSE")
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine, timedelta(seconds=1))
        sent = await card_for(engine, execution_id, ANN)
        (message,) = channel.messages_of(sent.card_id)
        await learn(engine.store.copies, sent.card_id, channel.handle_of(message), engine.clock.now())
        await decide(engine, execution_id, 0)
        await reconcile(engine, timedelta(seconds=1))
        assert await seen(engine, channel, execution_id) == {ANN: "ANSWERED"}
        assert channel.messages_of(sent.card_id) == [message]

    async def test_a_message_that_shows_itself_ends_no_pause_that_the_channel_has_asked_for(
        self, engine: Driver
    ) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine)
        sent = await card_for(engine, execution_id, ANN)
        channel.messages["found"] = (sent.card_id, channel.seen[sent.card_id])
        channel.troubles.append("WAIT")
        await decide(engine, execution_id, 0)
        await reconcile(engine, timedelta(seconds=1))
        await learn(engine.store.copies, sent.card_id, channel.handle_of("found"), engine.clock.now())
        calls = len(channel.calls)
        await reconcile(engine, channel.pause - timedelta(seconds=2))
        assert len(channel.calls) == calls
        await reconcile(engine, channel.pause)
        assert {view.status for _, view in channel.messages.values()} == {"ANSWERED"}

    async def test_a_first_send_that_no_message_shows_is_made_again_within_a_minute(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("HANG")
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine, timedelta(seconds=1))
        assert channel.messages == {}
        await reconcile(engine, timedelta(seconds=50))
        assert await seen(engine, channel, execution_id) == {ANN: "OPEN"}

    async def test_a_duplicate_that_is_found_later_is_closed_like_the_first(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.troubles.append("LOSE")
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine, UNKNOWN_PAUSE - timedelta(seconds=1))
        assert len(channel.calls) == 1
        await reconcile(engine, 2 * MINUTE)
        sent = await card_for(engine, execution_id, ANN)
        lost, known = channel.messages_of(sent.card_id)
        assert (await row_of(engine, sent)).handle == channel.handle_of(known)
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        assert channel.messages[lost][1].status == "OPEN"
        await learn(engine.store.copies, sent.card_id, channel.handle_of(lost), engine.clock.now())
        await reconcile(engine)
        assert {view.status for _, view in channel.messages.values()} == {"ANSWERED"}

    async def test_a_message_that_is_found_while_its_copy_is_brought_gets_the_same_look(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine)
        sent = await card_for(engine, execution_id, ANN)
        channel.messages["found"] = (sent.card_id, channel.seen[sent.card_id])
        await engine.reassign(execution_id, sent.card_id, BOSS)

        async def find(copy: Copy) -> None:
            if copy.card_id == sent.card_id:
                await learn(engine.store.copies, copy.card_id, channel.handle_of("found"), engine.clock.now())

        channel.during = find
        await reconcile(engine)
        assert len((await row_of(engine, sent)).handle.split(",")) == 2
        assert channel.messages["found"][1].status == "CLOSED"


class ReportStories:
    """Reports of deliveries to the history."""

    async def test_a_report_that_did_not_reach_the_history_is_repeated_by_the_next_process(
        self, engine: Driver
    ) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        sent = await card_for(engine, execution_id, ANN)
        # The channel has shown it and the row says so; then the process ends before the report.
        (row,) = await engine.store.copies.take(engine.clock.now(), engine.clock.now(), 9, ("inbox",))
        await learn(engine.store.copies, row.card_id, channel.handle_of("m"), engine.clock.now())
        await engine.crash()
        await reconcile(engine)
        assert len(await engine.events(execution_id, CardDelivered)) == 1
        assert (await row_of(engine, sent)).is_reported

    async def test_a_report_that_the_history_refused_stays_due_until_it_is_stored(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        engine.faults.fails.append(StoreFull("no space for the report"))
        await engine.reconciler.tick()
        await engine.settle()
        sent = await card_for(engine, execution_id, ANN)
        row = await row_of(engine, sent)
        assert (row.state, row.is_reported, sent.delivery) == ("SHOWN", False, "PENDING")
        await reconcile(engine)
        assert len(await engine.events(execution_id, CardDelivered)) == 1
        assert (await row_of(engine, sent)).is_reported
        assert len(channel.calls) == 1, "the card itself was not brought again"

    async def test_a_refused_report_that_is_repeated_and_refused_again_stays_due(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        channel.blocked.add(ANN)
        execution_id = await asked(engine, recipients=[ANN])
        engine.faults.fails.extend([StoreFull("no space for the report"), StoreFull("nor for the second one")])
        await engine.reconciler.tick()
        await engine.settle()
        sent = await card_for(engine, execution_id, ANN)
        due = await engine.store.copies.next_due(engine.channels.keys())
        assert due is not None
        engine.clock.advance(due - engine.clock.now())
        await engine.reconciler.tick()
        await engine.settle()
        assert engine.faults.fails == []
        assert await engine.events(execution_id, CardUndelivered) == []
        assert not (await row_of(engine, sent)).is_reported
        await reconcile(engine, timedelta(minutes=5))
        assert len(await engine.events(execution_id, CardUndelivered)) == 1
        assert (await row_of(engine, sent)).is_reported

    async def test_what_a_channel_reports_after_the_end_changes_nothing(self, engine: Driver) -> None:
        channel = await elsewhere(engine)
        execution_id = await asked(engine, recipients=[ANN])
        await reconcile(engine)
        await engine.terminate(execution_id)
        channel.blocked.add(ANN)
        await reconcile(engine)
        sent = await card_for(engine, execution_id, ANN)
        assert (sent.delivery, (await row_of(engine, sent)).state) == ("SHOWN", "BLOCKED")
        assert (await row_of(engine, sent)).is_reported


class FallbackStories:
    """Other channels for cards that do not reach their recipients."""

    async def test_a_card_that_is_not_delivered_is_sent_by_the_next_channel_with_its_seat(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine)
        channel.blocked.add(ANN)
        await reconcile(engine)
        await engine.advance(SOON - MINUTE)
        assert await open_by(engine, execution_id) == {ANN: ["teams"], BOB: ["teams"]}
        await engine.advance(MINUTE)
        assert await open_by(engine, execution_id) == {ANN: ["email"], BOB: ["teams"]}
        (closed,) = await engine.events(execution_id, CardClosed)
        assert (closed.reason, closed.note) == ("FALLBACK", "email")
        channel.blocked.clear()
        await reconcile(engine)
        assert (await card_for(engine, execution_id, ANN)).delivery == "SHOWN"
        former = await decide(engine, execution_id, 0)
        assert isinstance(former, Declined)
        assert (former.code, "by another channel: email" in former.message) == ("CLOSED", True)
        assert await decide(engine, execution_id, 1) == Recorded()
        assert await decide(engine, execution_id, 2) == Recorded()
        assert await decided(engine, execution_id) == ("approved", [(BOB, "approved"), (ANN, "approved")])

    async def test_the_last_channel_is_the_inbox_which_needs_no_copy(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine, recipients=[ANN])
        channel.is_down = True
        await reconcile(engine, timedelta(seconds=5))
        await engine.advance(timedelta(hours=1))
        assert await open_by(engine, execution_id) == {ANN: ["inbox"]}
        assert [event.channel for event in await engine.events(execution_id, CardWanted)] == ["teams", "email", "inbox"]
        channel.is_down = False
        await engine.advance(timedelta(hours=1))
        await reconcile(engine)
        assert channel.messages == {}

    async def test_an_answered_card_and_one_that_was_delivered_stay(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine)
        await reconcile(engine)
        await decide(engine, execution_id, 0)
        await engine.advance(timedelta(hours=2))
        assert await open_by(engine, execution_id) == {ANN: ["teams"], BOB: ["teams"]}
        assert len(channel.messages) == 2

    async def test_a_card_that_was_delivered_and_not_answered_is_sent_where_the_step_says_so(
        self, engine: Driver
    ) -> None:
        later = [{"after": "PT15M", "channel": "email", "when": "unanswered", "app": "mail"}]
        channel, execution_id = await asked_in_teams(engine, fallback=later)
        await reconcile(engine)
        await decide(engine, execution_id, 0)
        await engine.advance(SOON)
        assert await open_by(engine, execution_id) == {ANN: ["teams"], BOB: ["email"]}
        assert (await card_for(engine, execution_id, BOB)).app == "mail"
        await reconcile(engine)
        assert await seen(engine, channel, execution_id)

    async def test_a_copy_that_is_blocked_after_the_time_is_sent_at_once(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine, recipients=[ANN], reminders=["PT30M"])
        await reconcile(engine)
        await engine.advance(SOON)
        channel.blocked.add(ANN)
        await engine.advance(SOON)
        channel.troubles.append("BLOCK")
        await engine.reconciler.tick()
        await engine.settle()
        assert await open_by(engine, execution_id) == {ANN: ["email"]}

    async def test_a_card_that_is_passed_on_begins_in_the_first_channel_with_fallbacks_of_its_own(
        self, engine: Driver
    ) -> None:
        channel, execution_id = await asked_in_teams(engine, recipients=[ANN])
        channel.blocked |= {ANN, BOSS}
        await reconcile(engine)
        await engine.advance(SOON)
        await engine.reassign(execution_id, (await card_for(engine, execution_id, ANN)).card_id, BOSS)
        assert await open_by(engine, execution_id) == {BOSS: ["teams"]}
        await engine.advance(SOON)
        assert await open_by(engine, execution_id) == {BOSS: ["email"]}

    async def test_each_turn_of_a_sequence_has_the_fallbacks(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine, order="sequence")
        channel.blocked.add(BOB)
        await reconcile(engine)
        await decide(engine, execution_id, 0)
        await reconcile(engine)
        await engine.advance(SOON)
        assert (await open_by(engine, execution_id))[BOB] == ["email"]
        state = await engine.state(execution_id)
        assert {timer.kind for timer in state.timers.values()} == {"FALLBACK"}

    async def test_a_card_step_has_fallbacks_too(self, engine: Driver) -> None:
        channel, _ = await asked_in_teams(engine)
        channel.is_down = True
        settings = {"channel": "teams", "fallback": FALLBACK, "may_answer": [BOB]}
        execution_id = await engine.trigger(chain(card(recipients=[ANN, "teams:channel/19:a@thread"], **settings)))
        await reconcile(engine)
        await engine.advance(SOON)
        # A conversation of several people has no other channel.
        assert await open_by(engine, execution_id) == {ANN: ["email"], "teams:channel/19:a@thread": ["teams"]}

    async def test_a_fallback_survives_a_crash(self, engine: Driver) -> None:
        channel, execution_id = await asked_in_teams(engine, recipients=[ANN])
        channel.is_down = True
        await engine.crash()
        await engine.advance(SOON)
        await engine.crash()
        assert await open_by(engine, execution_id) == {ANN: ["email"]}


class PersonStories:
    """Who answers a copy, where the channel says who it is."""

    @pytest.mark.parametrize(
        ("email", "addresses"), [(ANN, ()), (" ANN@Example.com", ()), ("a.n@corp.example", (ANN,))]
    )
    async def test_a_personal_copy_takes_the_answer_of_its_recipient(
        self, engine: Driver, email: str, addresses: tuple[str, ...]
    ) -> None:
        execution_id = await asked(engine)
        assert await answer_as(engine, execution_id, 0, email, *addresses) == Recorded()
        assert isinstance(await answer_as(engine, execution_id, 0, BOB), Declined)

    async def test_another_person_s_answer_changes_nothing(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        before = await engine.path(execution_id)
        reply = await answer_as(engine, execution_id, 0, BOB)
        assert isinstance(reply, Declined)
        assert reply.code == "NOT_YOURS"
        assert await engine.path(execution_id) == before
