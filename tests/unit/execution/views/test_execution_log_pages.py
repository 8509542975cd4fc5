"""Pages of a log: for all limits, the pages together have each entry and value once."""

import pytest
from msgspec import to_builtins

from kit.execution.driver import Simulator
from kit.execution.workflows import call, card, step, workflow
from looply.execution.views.log_pages import entry_page, log_page
from looply.execution.views.logs import condense_logs, event_log
from looply.execution.views.positions import moves_path
from looply.instants import to_ms
from looply.jsontext import encode_json
from looply.limits import Limits


@pytest.fixture(scope="module")
def history():
    """A loop of calls of different size, each tried twice, then an incident, numbered."""
    simulator = Simulator(
        workflow(
            call("c", retry={"max_attempts": 2, "interval": "PT0S", "jitter": 0}),
            step("note", "overridePayload", {"parameters": [{"name": "n", "value": "${c.output.data}"}]}),
            step("again", "redirect", {"target": "c", "max_visits": 20}),
            edges="start>c c>note note>again",
        )
    )
    simulator.start({"n": 1})
    for number in range(12):
        simulator.fail()
        simulator.tick(1)
        simulator.succeed({"status": "200", "data": "x" * (number * 37 % 300)})
    simulator.fail()
    simulator.tick(1)
    simulator.fail()
    assert simulator.state.status == "FAILED"
    return list(enumerate(simulator.history, 1))


def pages(history, **bounds):
    found = []
    after = 0
    while True:
        page = log_page([each for each in history if each[0] > after], Limits(**bounds), "c")
        found.append(page)
        assert page.last > after
        after = page.last
        if not page.is_cut:
            return found


@pytest.mark.parametrize("most", [1, 2, 3, 7, 50, 1000])
def test_pages_of_every_number_of_entries_tell_each_entry_once(history, most):
    found = pages(history, read_events=most)
    assert [entry for page in found for entry in page.entries] == event_log(history)
    # The two entries of an incident are never separated.
    assert max(len(page.entries) for page in found) <= max(most, 2)
    assert found[-1].last == history[-1][0]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 50, 1000])
def test_pages_of_entries_alone_tell_each_entry_once(history, most):
    found, after = [], 0
    while left := [each for each in history if each[0] > after]:
        page = entry_page(left, Limits(read_events=most), "c")
        assert page.last > after
        found += page.entries
        after = page.last
    assert found == event_log(history)
    assert entry_page([], Limits(), "c").last == 0


@pytest.mark.parametrize("most", [900, 1100, 1500, 4000, 1_000_000])
def test_pages_of_every_size_tell_each_entry_once_and_no_value_is_left_out(history, most):
    found = pages(history, read_log_bytes=most)
    assert [entry for page in found for entry in page.entries] == event_log(history)
    for page in found:
        assert sum(len(encode_json(visit)) for visits in page.visits.values() for visit in visits) <= most
        assert not page.is_trimmed
    assert (len(found) == 1) == (most == 1_000_000)


def joined(former, later):
    """Merges two parts of a visit: the later one wins where it has a value; a success has no error."""
    filled = {name: value for name, value in later.items() if value is not None}
    whole = {**former, **filled, "ended_on": later["ended_on"], "attempt": max(former["attempt"], later["attempt"])}
    return {**whole, "error": None} if later["status"] == "SUCCEEDED" else whole


@pytest.mark.parametrize("bounds", [{"read_events": 5}, {"read_events": 1}, {"read_log_bytes": 900}])
def test_the_parts_of_a_visit_make_up_the_visit(history, bounds):
    whole, _ = to_builtins(condense_logs(history, 10**6))
    merged: dict[str, list] = {}
    for page in pages(history, **bounds):
        for name, visits in to_builtins(page.visits).items():
            for visit in visits:
                if visit["started_on"] is None:
                    merged[name][-1] = joined(merged[name][-1], visit)
                else:
                    merged.setdefault(name, []).append(visit)
    assert merged == whole


def test_a_value_that_no_page_can_hold_is_replaced_by_its_size():
    simulator = Simulator(workflow(call("c"), call("d"), edges="start>c c>d"))
    simulator.start()
    simulator.succeed("x" * 5000)
    simulator.succeed("y")
    found = pages(list(enumerate(simulator.history, 1)), read_log_bytes=1000)
    visits = [visit for page in found for name in ("c", "d") for visit in page.visits.get(name, [])]
    assert {"trimmed_bytes": 5002} in [visit.output for visit in visits]
    assert "y" in [visit.output for visit in visits]
    assert any(page.is_trimmed for page in found)


def test_a_card_on_a_later_page_shows_when_its_visit_began():
    simulator = Simulator(workflow(card("ask", "a@example.com", wait={"timeout": "PT1H"}), edges="start>ask"))
    simulator.start()
    (first, *later) = pages(list(enumerate(simulator.history, 1)), read_events=1)
    assert list(first.visits) == ["WorkflowStartState"]
    assert later[0].visits["ask"][0].started_on == to_ms(simulator.now)
    assert later[1].visits["ask"][0].started_on == to_ms(simulator.now)


def test_nothing_is_a_page_of_nothing():
    page = log_page([], Limits(), "c")
    assert (page.entries, page.visits, page.last, page.is_cut, page.is_trimmed) == ([], {}, 0, False, False)


def test_only_a_page_on_which_nothing_moves_needs_the_current_step(history):
    for begin in range(len(history)):
        for end in range(begin + 1, len(history) + 1):
            events = history[begin:end]
            assert not moves_path(events) or event_log(events, unmoved="c") == event_log(events)
    simulator = Simulator(workflow(step("w", "wait"), edges="start>w"))
    simulator.start()
    simulator.terminate()
    end = [(len(simulator.history), simulator.history[-1])]
    assert not moves_path(end)
    assert [entry.state for entry in event_log(end, unmoved="w")] == ["w"]
    assert [entry.state for entry in event_log(end)] == [None]
