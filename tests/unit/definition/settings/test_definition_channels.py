"""Where cards are sent: the channel, its fallbacks, and what an installation does not have."""

from collections.abc import Callable
from typing import Any

import pytest
from settings_kit import SETTINGS, Build, Check, compiled, one

from looply.definition import AdaptiveCardSettings, ApprovalSettings, parse_definition

MAIL = {"after": "PT15M", "channel": "email"}
CARD: dict[str, Any] = {"card": {"type": "AdaptiveCard"}, "recipients": ["a"], "wait": {}}
APPROVAL: dict[str, Any] = {"recipients": ["a"]}


@pytest.mark.parametrize(("kind", "settings"), [("adaptiveCard", CARD), ("approval", APPROVAL)])
def test_both_kinds_of_cards_have_a_channel_and_fallbacks(
    check: Callable[..., Any], kind: str, settings: dict[str, Any]
) -> None:
    given = {
        **settings,
        "channel": "teams",
        "app": "bot",
        "fallback": [
            {**MAIL, "app": "mail"},
            {"after": "${payload.output.after}", "channel": "inbox", "when": "unanswered"},
        ],
        "may_answer": ["b"],
    }
    found = check({"id": "ask", "type": kind, "settings": given})
    assert not found.errors
    read = found.workflow.steps["ask"].settings
    assert isinstance(read, AdaptiveCardSettings | ApprovalSettings)
    assert (read.channel, read.app) == ("teams", "bot")
    assert [(one.channel, one.app, one.rule) for one in read.fallback] == [
        ("email", "mail", "undelivered"),
        ("inbox", "", "unanswered"),
    ]
    assert read.may_answer is not None


def test_what_is_left_out_is_the_inbox_alone(check_step: Check) -> None:
    settings = compiled(check_step("adaptiveCard", CARD)).settings
    assert isinstance(settings, AdaptiveCardSettings)
    assert (settings.channel, settings.app, settings.fallback, settings.may_answer) == ("inbox", None, (), None)


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ({"fallback": [{"after": "soon", "channel": "email"}]}, "/fallback/0/after", "ISO 8601"),
        ({"fallback": [{"after": "PT0S", "channel": "email"}]}, "/fallback/0/after", "longer than zero"),
        ({"fallback": [{"channel": "email"}]}, "/fallback/0", "after"),
        ({"fallback": [{"after": "PT1M"}]}, "/fallback/0", "channel"),
        ({"fallback": [{**MAIL, "channel": ""}]}, "/fallback/0/channel", "must not be empty"),
        ({"fallback": [{**MAIL, "channel": 7}]}, "/fallback/0/channel", "must be a text"),
        ({"fallback": [{**MAIL, "when": "later"}]}, "/fallback/0/when", "is not one of"),
        ({"fallback": [{**MAIL, "channel": "inbox"}]}, "/fallback/0/channel", "is the channel of the step"),
        ({"fallback": [MAIL, MAIL]}, "/fallback/1/channel", "is named twice"),
        ({"fallback": [MAIL], "wait": None}, "/fallback", "needs a `wait`"),
    ],
)
def test_a_fallback_that_cannot_work_is_refused(
    check_step: Check, settings: dict[str, Any], path: str, message: str
) -> None:
    given = {name: value for name, value in {**CARD, **settings}.items() if value is not None}
    found = [problem for problem in check_step("adaptiveCard", given).errors if message in problem.message]
    assert one(tuple(found)).path == f"{SETTINGS}{path}"


def test_an_update_of_cards_sends_none(check: Callable[..., Any]) -> None:
    send = {"id": "ask", "type": "adaptiveCard", "settings": CARD}
    update = {"card": CARD["card"], "action": "update", "target": "ask", "fallback": [MAIL], "may_answer": ["a"]}
    messages = {
        problem.message for problem in check(send, {"id": "u", "type": "adaptiveCard", "settings": update}).errors
    }
    assert {"`fallback` is for the action send", "`may_answer` is for the action send"} <= messages


@pytest.mark.parametrize(("kind", "settings"), [("adaptiveCard", CARD), ("approval", APPROVAL)])
def test_a_channel_that_the_installation_lacks_is_an_error_at_its_place(
    definition: Build, kind: str, settings: dict[str, Any]
) -> None:
    given = {**settings, "channel": "teams", "fallback": [{**MAIL}, {"after": "PT1H", "channel": "inbox"}]}
    document = definition({"id": "step_1", "type": kind, "settings": given})
    found = parse_definition(document, channels={"inbox", "email"}).errors
    (problem,) = [each for each in found if "channel" in each.path]
    assert (problem.path, problem.hint) == (f"{SETTINGS}/channel", "use 'email' or 'inbox'")
    assert problem.message == "the channel 'teams' is not available in this installation"
    paths = {each.path for each in parse_definition(document, channels={"inbox"}).errors if "channel" in each.path}
    assert paths == {f"{SETTINGS}/channel", f"{SETTINGS}/fallback/0/channel"}
    assert not parse_definition(document, channels={"inbox", "email", "teams"}).errors


def test_any_channel_of_the_installation_may_be_named_and_any_at_all_where_that_is_not_known(
    definition: Build,
) -> None:
    settings = {**CARD, "channel": "pager", "fallback": [{"after": "PT1H", "channel": "siren"}]}
    document = definition({"id": "step_1", "type": "adaptiveCard", "settings": settings})
    assert not parse_definition(document, channels={"inbox", "pager", "siren"}).errors
    (problem,) = parse_definition(document, channels={"inbox", "pager"}).errors
    assert (problem.path, problem.code) == (f"{SETTINGS}/fallback/0/channel", "CHANNEL_UNKNOWN")
    workflow = parse_definition(document).workflow
    assert workflow is not None
    step = workflow.steps["step_1"].settings
    assert isinstance(step, AdaptiveCardSettings)
    assert (step.channel, step.fallback[0].channel) == ("pager", "siren")


def test_a_fallback_of_any_shape_is_no_crash(definition: Build) -> None:
    for fallback in ("email", [1], [{}], {"channel": "email"}, None):
        settings = {**CARD, "fallback": fallback}
        document = definition({"id": "step_1", "type": "adaptiveCard", "settings": settings})
        assert parse_definition(document, channels={"inbox"}).errors
