"""What channels report of cards, other channels in their place, and who may answer in a channel that knows them."""

from datetime import timedelta
from typing import Any, Literal

import pytest

from kit.execution.approvals import A, B, C, answer, asked, card_of, decided, open_recipients, reassign
from kit.execution.driver import Simulator, encode_history
from kit.execution.workflows import card, step, workflow
from looply.errors import IllegalTransition
from looply.execution import fold
from looply.execution.approvals.card_view import view_of
from looply.execution.document.document import card_links
from looply.execution.evolving.evolve import evolve
from looply.execution.facts.commands import (
    AlreadyAnswered,
    CopyReported,
    Declined,
    Done,
    QuarantineExecution,
    Recorded,
    Reply,
    Terminate,
)
from looply.execution.facts.events import CardDelivered, CardUndelivered, CardWanted, StepFailed, TimerStarted
from looply.execution.facts.state import Card, cards_of
from looply.execution.facts.values.actor import LINK, Actor
from looply.execution.facts.values.card_copy import is_group

MAIL = [{"after": "PT15M", "channel": "email"}]
PIN = "${payload.output.pin}"
QUARTER = timedelta(minutes=15).total_seconds()
GROUP = "teams:channel/19:a@thread.tacv2"


def report(
    simulator: Simulator, sent: Card, delivery: Literal["SHOWN", "BLOCKED", "FAILED"] = "BLOCKED", code: str = "B"
) -> Reply:
    """Reports what became of a copy."""
    facts: Any = {"at": simulator.now, "card_id": sent.card_id, "state": delivery}
    return simulator.submit(CopyReported(**facts, code="" if delivery == "SHOWN" else code, message="because"))


def person(user_id: str, email: str = "") -> Actor:
    return Actor(kind="channel", user_id=user_id, email=email, name="A Person")


def channels(simulator: Simulator) -> dict[str, str]:
    """Returns the channel of each open card by its recipient."""
    return {sent.recipient: sent.channel for sent in cards_of(simulator.state, "ask:1") if sent.status == "OPEN"}


class TestReports:
    def test_a_report_changes_what_is_known_and_not_how_the_copy_looks(self) -> None:
        simulator = asked(channel="teams")
        before = card_of(simulator, A)
        view = view_of(simulator.workflow, simulator.state, before.card_id)
        assert report(simulator, before, "SHOWN") == Done()
        after = card_of(simulator, A)
        assert (after.delivery, after.delivered_on, after.changed) == ("SHOWN", simulator.now, before.changed)
        assert view_of(simulator.workflow, simulator.state, before.card_id) == view

    def test_the_same_report_again_changes_nothing_and_another_reason_does(self) -> None:
        simulator = asked(channel="teams")
        assert report(simulator, card_of(simulator, A)) == Done()
        assert report(simulator, card_of(simulator, A)) == Done(is_late=True)
        assert report(simulator, card_of(simulator, A), code="C") == Done()
        assert report(simulator, card_of(simulator, A), "FAILED", code="C") == Done()
        last = card_of(simulator, A)
        assert (last.delivery, last.delivery_code, last.delivery_message) == ("FAILED", "C", "because")
        assert report(simulator, last, "SHOWN") == Done()
        assert card_of(simulator, A).delivery_message == ""

    def test_a_report_of_a_card_that_is_closed_or_unknown_or_of_an_end_is_late(self) -> None:
        simulator = asked(channel="teams", quorum="any")
        sent = card_of(simulator, B)
        unknown = CopyReported(at=simulator.now, card_id="none", state="SHOWN")
        assert simulator.submit(unknown) == Done(is_late=True)
        reassign(simulator, sent.card_id, "x@example.com")
        assert report(simulator, sent) == Done(is_late=True)
        simulator.submit(Terminate(at=simulator.now, by="operator", reason="enough"))
        assert report(simulator, card_of(simulator, A)) == Done(is_late=True)

    def test_an_event_of_an_unknown_card_is_illegal(self) -> None:
        simulator = asked(channel="teams")
        for kind, more in ((CardDelivered, {}), (CardUndelivered, {"reason": "FAILED"})):
            event = kind(at=simulator.now, step="ask", card="none", recipient=A, channel="teams", **more)
            with pytest.raises(IllegalTransition, match="there is no card none"):
                evolve(simulator.state, event)

    def test_a_history_with_reports_folds_after_it_was_written(self) -> None:
        simulator = asked(channel="teams", fallback=MAIL)
        report(simulator, card_of(simulator, A))
        simulator.tick(QUARTER)
        assert fold(simulator.history) == simulator.state
        assert encode_history(simulator.history)


class TestFallbacks:
    def test_cards_that_were_not_delivered_are_sent_by_the_next_channel(self) -> None:
        simulator = asked(channel="teams", app="bot", fallback=[{**MAIL[0], "app": "mail"}])
        report(simulator, card_of(simulator, A), "SHOWN")
        report(simulator, card_of(simulator, B))
        simulator.tick(QUARTER - 1)
        assert channels(simulator) == dict.fromkeys((A, B, C), "teams")
        simulator.tick(1)
        assert channels(simulator) == {A: "teams", B: "email", C: "email"}
        assert [card_of(simulator, each).app for each in (A, B, C)] == ["bot", "mail", "mail"]
        assert open_recipients(simulator) == [A, B, C]

    def test_the_new_copy_has_the_seat_of_the_first_which_takes_no_answer(self) -> None:
        simulator = asked(recipients=[A, B], channel="teams", fallback=MAIL)
        simulator.tick(QUARTER)
        refused = answer(simulator, 0)
        assert isinstance(refused, Declined)
        assert (refused.code, refused.message) == (
            "CLOSED",
            f"the request was sent to {A} by another channel: email",
        )
        assert [answer(simulator, part) for part in (2, 3)] == [Recorded(), Recorded()]
        assert decided(simulator) == ("approved", [(A, "approved"), (B, "approved")])

    def test_the_new_copy_counts_for_every_seat_of_the_first(self) -> None:
        escalation = [{"after": "PT5M", "to": [C]}]
        simulator = asked(recipients=[A, B], channel="teams", fallback=MAIL, escalation=escalation)
        simulator.tick(QUARTER)
        assert channels(simulator) == {C: "email"}
        assert card_of(simulator, C).seats == 2

    def test_a_copy_in_a_conversation_of_several_people_stays(self) -> None:
        simulator = asked(recipients=[GROUP, A], channel="teams", fallback=MAIL)
        simulator.tick(QUARTER)
        assert channels(simulator) == {GROUP: "teams", A: "email"}

    def test_a_card_in_the_inbox_is_delivered_and_only_a_lack_of_answers_moves_it(self) -> None:
        simulator = asked(fallback=MAIL)
        simulator.tick(QUARTER)
        assert channels(simulator) == dict.fromkeys((A, B, C), "inbox")
        simulator = asked(fallback=[{**MAIL[0], "when": "unanswered"}])
        answer(simulator, 0)
        simulator.tick(QUARTER)
        assert channels(simulator) == {A: "inbox", B: "email", C: "email"}

    def test_a_second_fallback_takes_what_the_first_could_not_deliver(self) -> None:
        later = [*MAIL, {"after": "PT30M", "channel": "inbox"}]
        simulator = asked(recipients=[A, B], channel="teams", fallback=later)
        simulator.tick(QUARTER)
        report(simulator, card_of(simulator, B), "SHOWN")
        simulator.tick(QUARTER)
        assert channels(simulator) == {A: "inbox", B: "email"}

    def test_a_copy_that_is_blocked_before_the_time_waits_for_it(self) -> None:
        simulator = asked(recipients=[A], channel="teams", fallback=MAIL)
        report(simulator, card_of(simulator, A))
        assert channels(simulator) == {A: "teams"}

    def test_a_copy_that_is_blocked_after_the_time_is_sent_at_once(self) -> None:
        simulator = asked(recipients=[A], channel="teams", fallback=MAIL)
        report(simulator, card_of(simulator, A), "SHOWN")
        simulator.tick(QUARTER)
        report(simulator, card_of(simulator, A))
        assert channels(simulator) == {A: "email"}
        report(simulator, card_of(simulator, A))
        assert channels(simulator) == {A: "email"}

    def test_nothing_moves_while_an_incident_is_open_or_after_an_answer(self) -> None:
        simulator = asked(recipients=[A, B], channel="teams", fallback=MAIL)
        report(simulator, card_of(simulator, A), "SHOWN")
        report(simulator, card_of(simulator, B), "SHOWN")
        simulator.tick(QUARTER)
        answer(simulator, 0)
        report(simulator, card_of(simulator, A))
        simulator.submit(QuarantineExecution(at=simulator.now, message="stopped"))
        report(simulator, card_of(simulator, B))
        assert channels(simulator) == {A: "teams", B: "teams"}

    def test_a_reassigned_card_begins_in_the_first_channel_with_timers_of_its_own(self) -> None:
        simulator = asked(recipients=[A], channel="teams", fallback=MAIL)
        simulator.tick(QUARTER)
        reassign(simulator, card_of(simulator, A).card_id, B)
        assert channels(simulator) == {B: "teams"}
        simulator.tick(QUARTER)
        assert channels(simulator) == {B: "email"}

    def test_each_turn_has_timers_of_its_own_and_an_answer_ends_them(self) -> None:
        simulator = asked(recipients=[A, B], order="sequence", channel="teams", fallback=MAIL)
        simulator.tick(QUARTER / 2)
        answer(simulator, 0)
        assert [timer.due for timer in simulator.state.timers.values()] == [simulator.now + timedelta(seconds=QUARTER)]
        simulator.tick(QUARTER)
        assert channels(simulator)[B] == "email"

    def test_a_time_that_is_no_duration_fails_the_step(self) -> None:
        for after in ("${payload.output.soon}", "${concat('P', '1')}"):
            simulator = asked(body={"soon": 5}, channel="teams", fallback=[{"after": after, "channel": "email"}])
            failed = [event for event in simulator.history if isinstance(event, StepFailed)]
            assert [(event.code, "fallback" in event.message) for event in failed] == [("BAD_INPUT", True)]

    def test_a_card_step_has_the_same(self) -> None:
        ask = card("ask", A, B, wait={"for": "all"}, channel="teams", fallback=MAIL)
        simulator = Simulator(workflow(ask, edges="start>ask"))
        simulator.start()
        report(simulator, card_of(simulator, A), "SHOWN")
        simulator.tick(QUARTER)
        assert channels(simulator) == {A: "teams", B: "email"}
        assert [event.kind for event in simulator.history if isinstance(event, TimerStarted)] == ["FALLBACK"]


class TestPersons:
    @pytest.mark.parametrize(
        ("actor", "addresses"),
        [
            (person("1", A), ()),
            (person("1", "A@Example.COM"), ()),
            (person("1", "other@example.com"), ("smtp:x@example.com", f"<{A}>")),
            (person(A), ()),
            (LINK, ()),
        ],
    )
    def test_a_personal_copy_is_answered_by_its_recipient(self, actor: Actor, addresses: tuple[str, ...]) -> None:
        simulator = asked()
        assert answer(simulator, 0, actor=actor, addresses=addresses) == Recorded()
        assert decided_so_far(simulator) == [A]

    def test_another_person_is_declined_whatever_the_state_is(self) -> None:
        simulator = asked(quorum="any")
        stranger = person("2", B)
        seq = simulator.state.seq
        assert code_of(answer(simulator, 0, actor=stranger)) == "NOT_YOURS"
        assert simulator.state.seq == seq
        answer(simulator, 0, actor=person("1", A))
        assert code_of(answer(simulator, 0, actor=stranger)) == "NOT_YOURS"
        assert isinstance(answer(simulator, 1, actor=stranger), AlreadyAnswered)

    def test_a_conversation_takes_one_answer_and_records_whose_it_is(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams")
        bob = person("2", B)
        assert answer(simulator, 0, actor=bob, comment="fine") == Recorded()
        assert decided(simulator) == ("approved", [(B, "approved")])
        late = answer(simulator, 0, "reject", actor=person("3", C))
        assert late == AlreadyAnswered(answered_by=B, answered_on=simulator.now, decision="approved", actor=bob)

    def test_a_person_without_an_address_is_named_by_their_id(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams")
        answer(simulator, 0, actor=person("4711"))
        assert decided(simulator)[1] == [("4711", "approved")]

    def test_only_those_who_may_answer_do_and_a_link_is_no_person(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams", may_answer=[A, B])
        for actor in (person("3", C), LINK, None):
            assert code_of(answer(simulator, 0, actor=actor)) == "NOT_YOURS"
        assert answer(simulator, 0, actor=person("9", "x@example.com"), addresses=(B,)) == Recorded()

    def test_a_link_does_not_answer_for_a_conversation(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams")
        assert code_of(answer(simulator, 0, actor=LINK)) == "NOT_YOURS"

    def test_the_requester_does_not_decide_in_a_conversation(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams", requester=f"${{'{A}'}}", self_approval=False)
        declined = answer(simulator, 0, actor=person("1", "other@example.com"), addresses=(A,))
        assert code_of(declined) == "SELF_APPROVAL"

    def test_a_person_decides_once_also_in_a_second_conversation(self) -> None:
        simulator = asked(recipients=[GROUP, "teams:chat/19:b"], channel="teams")
        assert answer(simulator, 0, actor=person("2", B)) == Recorded()
        assert code_of(answer(simulator, 1, actor=person("2", "b2@example.com"))) == "DECIDED_ALREADY"
        assert code_of(answer(simulator, 1, actor=person("5", "b3@example.com"), addresses=(B,))) == "DECIDED_ALREADY"
        assert answer(simulator, 1, actor=person("3", C)) == Recorded()

    def test_an_empty_may_answer_fails_the_step(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams", may_answer="${payload.output.none}", body={"none": []})
        (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
        assert (failed.code, "may_answer names no person" in failed.message) == ("BAD_INPUT", True)

    @pytest.mark.parametrize(
        "settings",
        [
            {"may_answer": "${payload.output.pin}"},
            {"fallback": [{"after": "${payload.output.pin}", "channel": "email"}]},
        ],
    )
    def test_a_secret_says_neither_who_may_answer_nor_when_a_card_goes_elsewhere(self, settings: Any) -> None:
        simulator = unasked(recipients=[A], channel="teams", **settings)
        simulator.start({"pin": A}, secret=("/output/pin",))
        (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
        assert "secret" in failed.message

    def test_the_time_of_a_fallback_is_a_text(self) -> None:
        fallback = [{"after": "${payload.output.minutes}", "channel": "email"}]
        simulator = asked(recipients=[A], channel="teams", fallback=fallback, body={"minutes": 15})
        (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
        assert (failed.code, "such as PT15M, not 15" in failed.message) == ("BAD_INPUT", True)

    def test_a_visit_that_asks_for_no_answer_has_no_links(self) -> None:
        simulator = asked(recipients=[A], channel="teams")
        assert [link["recipient"] for link in card_links(simulator.state, "ask:1")] == [A]
        assert card_links(simulator.state, "to_approved:1") == []

    def test_one_who_is_known_by_no_id_is_no_second_voter(self) -> None:
        simulator = asked(recipients=[GROUP, "teams:chat/19:b"], channel="teams")
        assert answer(simulator, 0, actor=person("2", B)) == Recorded()
        assert code_of(answer(simulator, 1, actor=LINK)) == "NOT_YOURS"
        simulator = asked(recipients=[A, B], channel="inbox")
        assert answer(simulator, 0, actor=LINK) == Recorded()
        assert answer(simulator, 1, actor=Actor(kind="person", user_id="2", email=B, name="B")) == Recorded()

    def test_may_answer_stays_with_a_card_that_is_passed_on(self) -> None:
        simulator = asked(recipients=[GROUP], channel="teams", may_answer=[A])
        reassign(simulator, card_of(simulator, GROUP).card_id, "teams:chat/19:b")
        sends = [event for event in simulator.history if isinstance(event, CardWanted)]
        assert [event.may_answer for event in sends] == [(A,), (A,)]


def unasked(**settings: Any) -> Simulator:
    """Returns an execution that asks for an approval, before it has started."""
    return Simulator(workflow(step("ask", "approval", settings, description="Release?"), edges="start>ask"))


@pytest.mark.parametrize(
    ("recipient", "is_one"),
    [(GROUP, True), ("teams:chat/19:b", True), ("teams:channel/", False), (A, False), ("teams:user/1", False)],
)
def test_a_conversation_is_named_by_its_channel(recipient: str, is_one: bool) -> None:
    assert is_group(recipient) is is_one


def code_of(reply: Reply) -> str:
    assert isinstance(reply, Declined), reply
    return reply.code


def decided_so_far(simulator: Simulator) -> list[str]:
    return [given.user for wait in simulator.state.waits.values() for given in wait.answers]
