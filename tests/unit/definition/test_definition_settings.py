"""The settings of each step type: what they compile to, and what is wrong or doubtful in them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from looply.definition import (
    AdaptiveCardSettings,
    AdvancedConditionalSettings,
    BranchConditionalSettings,
    CardWait,
    ConditionalSettings,
    DelaySettings,
    Duration,
    Findings,
    HttpRequestSettings,
    OverridePayloadSettings,
    RedirectSettings,
    SapRequestSettings,
    Step,
    TerminateSettings,
    TriggerSettings,
    WaitSettings,
    WorkflowSettings,
    parse_definition,
)
from looply.errors import Problem
from looply.expressions import Evaluation, Template

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]
Of = Callable[..., Evaluation]

SETTINGS = "/workflow_steps/1/settings"
URL = {"url": "https://a.example", "fail_on": ["4xx"]}


def compiled(findings: Findings) -> Step:
    assert not findings.errors
    assert findings.workflow is not None
    return findings.workflow.steps["step_1"]


def first(findings: Findings) -> tuple[str, str, str]:
    problem = findings.errors[0]
    return problem.path, problem.message, problem.hint


def one(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def with_trigger(definition: Build, settings: dict[str, Any], **fields: Any) -> Findings:
    document = definition({"id": "step_1", "type": "wait"}, **fields)
    document["workflow_steps"][0] = {"id": "WorkflowStartState", "type": "trigger", "settings": settings}
    return parse_definition(document)


class TestTrigger:
    def test_a_schedule_is_read_with_its_zone_and_bounds(self, definition: Build) -> None:
        schedule = {"every": "P1D", "start": "2030-01-01T08:00:00+01:00", "end": "2031-01-01T00:00:00Z"}
        findings = with_trigger(
            definition,
            {"trigger_type": "SCHEDULED", "schedule": schedule},
            workflow_settings={"timezone": "Europe/Berlin"},
        )
        assert findings.workflow is not None
        settings = findings.workflow.steps["WorkflowStartState"].settings
        assert isinstance(settings, TriggerSettings)
        assert settings.schedule is not None
        assert settings.schedule.every == Duration(days=1)
        assert settings.schedule.timezone == "Europe/Berlin"
        assert settings.schedule.start == datetime(2030, 1, 1, 7, tzinfo=UTC)
        assert settings.schedule.end == datetime(2031, 1, 1, tzinfo=UTC)

    def test_a_cron_is_read_with_its_rules(self, definition: Build) -> None:
        rules = {"overlap": "queue", "catch_up": "all", "catch_up_window": "PT24H", "dst": "twice", "jitter": "PT5M"}
        findings = with_trigger(
            definition, {"trigger_type": "SCHEDULED", "schedule": {"cron": "0 7 * * MON-FRI", **rules}}
        )
        assert findings.workflow is not None
        settings = findings.workflow.steps["WorkflowStartState"].settings
        assert isinstance(settings, TriggerSettings)
        schedule = settings.schedule
        assert schedule is not None
        assert schedule.cron is not None
        assert schedule.cron.text == "0 7 * * MON-FRI"
        assert (schedule.overlap, schedule.catch_up, schedule.dst) == ("queue", "all", "twice")
        assert (schedule.jitter, schedule.catch_up_window) == (timedelta(minutes=5), timedelta(days=1))

    @pytest.mark.parametrize(
        ("schedule", "path", "message"),
        [
            ({"cron": "*/5 * * * *", "dst": "skip"}, "dst", "no effect on a cron whose minute or hour begins"),
            ({"every": "PT1H", "catch_up": "none", "catch_up_window": "PT2H"}, "catch_up_window", "has no effect"),
        ],
    )
    def test_a_rule_without_effect_is_a_warning(
        self, definition: Build, schedule: dict[str, Any], path: str, message: str
    ) -> None:
        findings = with_trigger(definition, {"trigger_type": "SCHEDULED", "schedule": schedule})
        assert findings.errors == ()
        problem = one(findings.warnings)
        assert problem.path == f"/workflow_steps/0/settings/schedule/{path}"
        assert message in problem.message

    def test_a_schedule_may_state_what_the_engine_does_anyway(self, definition: Build) -> None:
        schedule = {"every": "P1D", "overlap": "skip", "catch_up": "last", "dst": "once", "jitter": "PT0S"}
        findings = with_trigger(definition, {"trigger_type": "SCHEDULED", "schedule": schedule})
        assert (findings.errors, findings.warnings) == ((), ())

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({"trigger_type": "SCHEDULED"}, "", "a scheduled workflow needs a `schedule`"),
            ({"trigger_type": "REQUEST", "schedule": {"every": "PT1H"}}, "/schedule", "has no schedule"),
            ({"trigger_type": "SCHEDULED", "schedule": {}}, "/schedule", "exactly one of `cron` and `every`"),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "cron": "0 8 * * *"}},
                "/schedule",
                "exactly one of `cron` and `every`",
            ),
            ({"trigger_type": "SCHEDULED", "schedule": {"every": "PT0.5S"}}, "/schedule/every", "at least PT1S"),
            ({"trigger_type": "SCHEDULED", "schedule": {"every": "PT0S"}}, "/schedule/every", "longer than zero"),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "dst": "skip"}},
                "/schedule/dst",
                "`dst` is for `cron`",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"cron": "0 0 30 2 *"}},
                "/schedule/cron",
                "names a day that never comes; use `L`",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "jitter": "PT61M"}},
                "/schedule/jitter",
                "must not be longer than the shortest time between two starts, 3600 seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"cron": "0,10 8 * * *", "jitter": "PT11M"}},
                "/schedule/jitter",
                "must not be longer than the shortest time between two starts, 600 seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "jitter": "P1D"}},
                "/schedule/jitter",
                "must be hours, minutes and seconds",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "catch_up_window": "PT9S"}},
                "/schedule/catch_up_window",
                "must be at least PT10S",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "timezone": "Europe/Berln"}},
                "/schedule/timezone",
                "did you mean 'Europe/Berlin'",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "start": "today"}},
                "/schedule/start",
                "is not an RFC 3339 time",
            ),
            (
                {"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H", "timezone": "Mars/Base"}},
                "/schedule/timezone",
                "is not an IANA time zone",
            ),
            (
                {
                    "trigger_type": "SCHEDULED",
                    "schedule": {"every": "PT1H", "start": "2030-01-01T00:00:00Z", "end": "2030-01-01T00:00:00Z"},
                },
                "/schedule/end",
                "must be later than `start`",
            ),
        ],
    )
    def test_a_wrong_schedule_is_refused(
        self, definition: Build, settings: dict[str, Any], path: str, message: str
    ) -> None:
        problem = one(with_trigger(definition, settings).errors)
        assert problem.path == f"/workflow_steps/0/settings{path}"
        assert message in problem.message


class TestCalls:
    def test_an_http_request_has_its_whole_input_in_one_template(self, check_step: Check, evaluation: Of) -> None:
        settings = {
            "method": "POST",
            "url": "https://a.example/${payload.output.id}",
            "body": {"n": "${payload.output.n}"},
            "fail_on": ["4xx"],
        }
        step = compiled(check_step("httpRequest", settings, timeout="PT10S"))
        assert isinstance(step.settings, HttpRequestSettings)
        assert step.settings.method == "POST"
        assert step.settings.fail_on == ("4xx",)
        assert step.timeout == timedelta(seconds=10)
        assert step.on_unknown == "incident"
        assert step.retry is None
        assert step.input is not None
        assert step.input.evaluate(evaluation(payload={"output": {"id": "7", "n": 5}})) == {
            "method": "POST",
            "url": "https://a.example/7",
            "body": {"n": 5},
        }

    @pytest.mark.parametrize(
        ("method", "on_unknown"),
        [("GET", "retry"), ("PUT", "retry"), ("DELETE", "retry"), ("POST", "incident"), ("PATCH", "incident")],
    )
    def test_an_unknown_outcome_is_repeated_only_where_repeating_is_safe(
        self, check_step: Check, method: str, on_unknown: str
    ) -> None:
        assert compiled(check_step("httpRequest", {**URL, "method": method})).on_unknown == on_unknown

    def test_the_author_decides_about_an_unknown_outcome(self, check_step: Check) -> None:
        assert compiled(check_step("httpRequest", {**URL, "method": "POST"}, on_unknown="retry")).on_unknown == "retry"
        assert compiled(check_step("httpRequest", URL, on_unknown="incident")).on_unknown == "incident"

    def test_a_method_made_by_an_expression_is_never_repeated_unasked(self, check_step: Check) -> None:
        step = compiled(check_step("httpRequest", {**URL, "method": "${payload.output.m}", "connection": "c"}))
        assert isinstance(step.settings, HttpRequestSettings)
        assert isinstance(step.settings.method, Template)
        assert step.settings.connection == "c"
        assert step.on_unknown == "incident"

    def test_a_method_that_is_left_out_is_get(self, check_step: Check, evaluation: Of) -> None:
        step = compiled(check_step("httpRequest", URL))
        assert step.input is not None
        assert step.input.evaluate(evaluation()) == {"method": "GET", "url": "https://a.example"}

    def test_a_retry_has_defaults(self, check_step: Check) -> None:
        retry = compiled(check_step("httpRequest", URL, retry={})).retry
        assert retry is not None
        assert (retry.max_attempts, retry.backoff, retry.max_interval, retry.jitter) == (3, 2.0, None, 0.0)
        stated = {"max_attempts": 5.0, "interval": "PT0S", "max_interval": "PT1M", "jitter": 0.5, "on": ["5xx"]}
        retry = compiled(check_step("httpRequest", URL, retry=stated)).retry
        assert retry is not None
        assert (retry.max_attempts, retry.interval, retry.on) == (5, timedelta(0), ("5xx",))
        assert retry.max_interval == timedelta(minutes=1)

    @pytest.mark.parametrize(
        "settings",
        [
            {"url": "HTTP://a.example"},
            {"url": "${environment.url}/orders"},
            {"url": "http${environment.tls}://a.example"},
            {"url": "/orders", "connection": "erp"},
            {"url": "orders/${payload.output.id}", "connection": "erp"},
            {"connection": "${environment.connection}"},
        ],
    )
    def test_an_address_may_be_absolute_computed_or_below_a_connection(
        self, check_step: Check, settings: dict[str, Any]
    ) -> None:
        assert not check_step("httpRequest", {**settings, "fail_on": ["4xx"]}).errors

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({}, "", "`url` is missing"),
            ({"url": ""}, "/url", "`url` is missing"),
            ({"url": "a.example"}, "/url", "does not begin with http:// or https://"),
            ({"url": "ftp://a.example", "connection": "c"}, "/url", "does not begin with"),
            ({"url": "orders/${payload.output.id}"}, "/url", "does not begin with"),
            (
                {"url": "https://a", "connection": "c", "auth": {"type": "bearer", "token": "${x_1.output}"}},
                "/auth",
                "cannot be given together",
            ),
        ],
    )
    def test_an_address_that_cannot_be_called_is_refused(
        self, check_step: Check, settings: dict[str, Any], path: str, message: str
    ) -> None:
        problem = one(check_step("httpRequest", {**settings, "fail_on": ["4xx"]}).errors)
        assert problem.path == f"{SETTINGS}{path}"
        assert message in problem.message

    def test_credentials_are_secret_unasked(self, check_step: Check) -> None:
        bearer = {**URL, "auth": {"type": "bearer", "token": "${payload.output.t}"}}
        assert compiled(check_step("httpRequest", bearer, secret=["/output/data"])).secret == (
            "/output/data",
            "/auth/token",
        )
        basic = {**URL, "auth": {"type": "basic", "user": "u", "password": "${payload.output.p}"}}
        assert compiled(check_step("httpRequest", basic)).secret == ("/auth/password",)
        assert compiled(check_step("httpRequest", {**URL, "auth": "${payload.output.a}"})).secret == ("/auth",)

    def test_a_credential_in_the_definition_is_a_warning(self, check_step: Check) -> None:
        findings = check_step("httpRequest", {**URL, "auth": {"type": "bearer", "token": "abc"}})
        warning = one(findings.warnings)
        assert warning.path == f"{SETTINGS}/auth/token"
        assert "abc" not in warning.message

    @pytest.mark.parametrize(
        ("secret", "message"),
        [
            ("/header/authorization", "a httpRequest has no 'header'"),
            ("/headers/authorization", "leads to nothing"),
            ("/body/card/number", "leads to nothing"),
        ],
    )
    def test_a_secret_that_leads_nowhere_is_refused(self, check_step: Check, secret: str, message: str) -> None:
        settings = {**URL, "headers": {"Authorization": "x"}, "body": {"card": 5}}
        problem = one(check_step("httpRequest", settings, secret=[secret]).errors)
        assert problem.path == "/workflow_steps/1/secret/0"
        assert message in problem.message

    @pytest.mark.parametrize("secret", ["/headers/Authorization", "/body/token", "/output/data/anything"])
    def test_a_secret_may_lie_in_what_an_expression_makes(self, check_step: Check, secret: str) -> None:
        settings = {**URL, "headers": {"Authorization": "x"}, "body": "${payload.output.body}"}
        assert compiled(check_step("httpRequest", settings, secret=[secret])).secret == (secret,)

    def test_a_sap_request_names_its_system(self, check_step: Check) -> None:
        settings = {"system_id": "${payload.output.sid}", "client": 100, "service_path": "/x", "fail_on": ["4xx"]}
        step = compiled(check_step("sapRequest", settings))
        assert isinstance(step.settings, SapRequestSettings)
        assert step.settings.connection is None
        assert step.settings.method == "GET"

    def test_values_stay_within_the_literals_of_a_sap_request(self, check_step: Check, evaluation: Of) -> None:
        settings = {
            "connection": "S4",
            "service_path": "/x",
            "entity": "Orders('${payload.output.po}')",
            "params": {"$filter": "Name eq '${payload.output.po}' and Amount gt ${payload.output.n}"},
            "headers": {"x-po": "'${payload.output.po}'"},
            "fail_on": ["4xx"],
        }
        step = compiled(check_step("sapRequest", settings))
        assert step.input is not None
        made = step.input.evaluate(evaluation(payload={"output": {"po": "1' or %27x", "n": 5}}))
        assert isinstance(made, dict)
        assert made["entity"] == "Orders('1'' or %2527x')"
        assert made["params"] == {"$filter": "Name eq '1'' or %27x' and Amount gt 5"}
        assert made["headers"] == {"x-po": "'1' or %27x'"}

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, "the SAP system is missing"),
            ({"system_id": "S4"}, "`client` is missing"),
            ({"client": "100"}, "`system_id` is missing"),
            ({"connection": "S4", "system_id": "S4", "client": "100"}, "not both"),
        ],
    )
    def test_a_sap_request_without_one_system_is_refused(
        self, check_step: Check, settings: dict[str, Any], message: str
    ) -> None:
        problem = one(check_step("sapRequest", {**settings, "service_path": "/x", "fail_on": ["4xx"]}).errors)
        assert message in problem.message

    @pytest.mark.parametrize("field", ["retry", "timeout", "on_unknown"])
    def test_what_only_a_call_can_have_is_a_warning_elsewhere(self, check_step: Check, field: str) -> None:
        value = {"retry": {}, "timeout": "PT1S", "on_unknown": "retry"}[field]
        warning = one(check_step("wait", **{field: value}).warnings)
        assert warning.path == f"/workflow_steps/1/{field}"
        assert warning.message == f"`{field}` has no effect on a wait"


class TestConditions:
    def test_all_rules_of_a_conditional_are_kept(self, check_step: Check, evaluation: Of) -> None:
        rules = [
            {"variable": "${payload.output.n}", "operator": "NumericGreaterThan", "value": 5},
            {"variable": "${payload.output.n}", "operator": "IsPresent"},
            {"variable": "${payload.output.n}", "operator": "Not", "value": {"operator": "NumericEquals", "value": 7}},
            {"operator": "Not", "value": {"variable": "${payload.output.m}", "operator": "IsPresent", "value": True}},
        ]
        findings = check_step("conditional", {"rules": rules})
        settings = compiled(findings).settings
        assert isinstance(settings, ConditionalSettings)
        data = evaluation(payload={"output": {"n": 6}})
        assert [rule.holds(data) for rule in settings.rules] == [True, True, True, True]
        assert [rule.holds(evaluation(payload={"output": {"n": 7, "m": 1}})) for rule in settings.rules] == [
            True,
            True,
            False,
            False,
        ]

    def test_not_needs_a_variable_somewhere(self, check_step: Check) -> None:
        rules = [{"operator": "Not", "value": {"operator": "IsNull"}}]
        problem = one(check_step("conditional", {"rules": rules}).errors)
        assert problem.path == f"{SETTINGS}/rules/0/value"
        assert "has no `variable`" in problem.message

    @pytest.mark.parametrize(
        ("rule", "path", "message"),
        [
            ({"variable": "payload.output.n", "operator": "IsNull"}, "/variable", "holds no expression"),
            ({"operator": "NumericEquals", "value": "5"}, "/value", "compares with a number"),
            ({"operator": "StringEquals", "value": 5}, "/value", "compares with a text"),
            ({"operator": "StringMatches", "value": None}, "/value", "compares with a text"),
            ({"operator": "BooleanEquals", "value": "true"}, "/value", "compares with true or false"),
            ({"operator": "IsNull", "value": 1}, "/value", "compares with true or false"),
            ({"operator": "TimestampEquals", "value": "today"}, "/value", "compares with an RFC 3339 time"),
        ],
    )
    def test_a_rule_that_never_holds_is_a_warning(
        self, check_step: Check, rule: dict[str, Any], path: str, message: str
    ) -> None:
        findings = check_step("conditional", {"rules": [{"variable": "${payload.output.n}", **rule}]})
        warning = next(problem for problem in findings.warnings if problem.path == f"{SETTINGS}/rules/0{path}")
        assert message in warning.message
        assert not findings.errors

    def test_each_branch_compares_the_variable_with_its_value(self, check_step: Check, evaluation: Of) -> None:
        branches = [{"id": "a", "value": "x", "label": "A", "style": "positive"}, {"id": "b", "value": "y"}]
        findings = check_step(
            "branchConditional", {"variable": "${payload.output.v}", "operator": "StringEquals", "branches": branches}
        )
        settings = compiled(findings).settings
        assert isinstance(settings, BranchConditionalSettings)
        assert [(b.id, b.label, b.value, b.style) for b in settings.branches] == [
            ("a", "A", "x", "positive"),
            ("b", "b", "y", "default"),
        ]
        data = evaluation(payload={"output": {"v": "y"}})
        assert [branch.rule.holds(data) for branch in settings.branches] == [False, True]

    def test_a_branch_may_negate(self, check_step: Check, evaluation: Of) -> None:
        branches = [{"id": "a", "value": {"operator": "StringEquals", "value": "x"}}]
        findings = check_step(
            "branchConditional", {"variable": "${payload.output.v}", "operator": "Not", "branches": branches}
        )
        settings = compiled(findings).settings
        assert isinstance(settings, BranchConditionalSettings)
        assert settings.branches[0].rule.holds(evaluation(payload={"output": {"v": "y"}}))

    def test_a_branch_must_have_what_its_operator_compares_with(self, check_step: Check) -> None:
        common = {"variable": "${payload.output.v}", "branches": [{"id": "a"}]}
        assert (
            "'value' is missing"
            in one(check_step("branchConditional", {**common, "operator": "StringEquals"}).errors).message
        )
        assert not check_step("branchConditional", {**common, "operator": "IsNull"}).errors
        branches = [{"id": "a", "value": 5}]
        negated = check_step("branchConditional", {**common, "operator": "Not", "branches": branches})
        assert one(negated.errors).path == f"{SETTINGS}/branches/0/value"

    @pytest.mark.parametrize("id_", ["error", "else", "next", "timeout"])
    def test_a_branch_cannot_have_the_name_of_another_exit(self, check_step: Check, id_: str) -> None:
        settings = {"variable": "${payload}", "operator": "IsNull", "branches": [{"id": id_}]}
        assert first(check_step("branchConditional", settings))[0] == f"{SETTINGS}/branches/0/id"

    def test_a_branch_id_cannot_be_there_twice(self, check_step: Check) -> None:
        settings = {"variable": "${payload}", "operator": "IsNull", "branches": [{"id": "a"}, {"id": "a"}]}
        assert one(check_step("branchConditional", settings).errors).path == f"{SETTINGS}/branches/1/id"

    def test_or_opens_a_group_and_and_adds_to_it(self, check_step: Check) -> None:
        test = {"variable": "${payload.output.v}", "operator": "IsNull"}
        joins: list[dict[str, str]] = [{}, {"join": "and"}, {"join": "or"}, {"join": "or"}, {}]
        settings = {"branches": [{"id": "a", "conditions": [{**test, **join} for join in joins]}]}
        compiled_settings = compiled(check_step("advancedConditional", settings)).settings
        assert isinstance(compiled_settings, AdvancedConditionalSettings)
        assert [len(group) for group in compiled_settings.branches[0].groups] == [2, 1, 2]
        assert compiled_settings.branches[0].label == "a"

    @pytest.mark.parametrize(("joins", "index"), [(["and"], 0), (["or"], 0), (["simple", "simple"], 1)])
    def test_only_the_first_condition_is_simple(self, check_step: Check, joins: list[str], index: int) -> None:
        conditions = [{"variable": "${payload}", "operator": "IsNull", "join": join} for join in joins]
        settings = {"branches": [{"id": "a", "conditions": conditions}]}
        problem = one(check_step("advancedConditional", settings).errors)
        assert problem.path == f"{SETTINGS}/branches/0/conditions/{index}/join"


CARD = {"card": {"type": "AdaptiveCard"}}


class TestPauses:
    def test_a_card_that_is_sent_has_recipients_and_a_wait(self, check_step: Check) -> None:
        settings = {**CARD, "recipients": ["a", "b"], "wait": {"for": 2.0, "timeout": "P3D"}, "app": "Approvals"}
        card = compiled(check_step("adaptiveCard", settings)).settings
        assert isinstance(card, AdaptiveCardSettings)
        assert (card.action, card.channel, card.app) == ("send", "inbox", "Approvals")
        assert card.wait is not None
        assert card.wait.count == 2
        assert isinstance(card.wait.count, int)
        assert card.wait.timeout is not None
        assert card.card is not None
        assert card.card.value == CARD["card"]

    def test_a_card_may_be_named_by_its_id(self, check_step: Check) -> None:
        settings = {"card_id": "c", "card_version": 2.0, "recipients": "${payload.output.to}", "wait": {}}
        card = compiled(check_step("adaptiveCard", settings)).settings
        assert isinstance(card, AdaptiveCardSettings)
        assert (card.card, card.card_id, card.card_version) == (None, "c", 2)
        assert card.wait == CardWait(count="first", timeout=None)

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({"recipients": ["a"]}, "", "a card to send is missing"),
            (CARD, "", "the recipients are missing"),
            ({**CARD, "recipients": ["a"], "target": "step_1"}, "/target", "is for the actions update and delete"),
            ({**CARD, "recipients": ["a"], "channel": "teams"}, "/channel", "'teams' is not available"),
            ({**CARD, "recipients": ["a"], "card_version": 1}, "/card_version", "needs a `card_id`"),
            ({**CARD, "recipients": ["a", "a"], "wait": {"for": 2}}, "/wait", "waits for 2 answers, but has 1"),
            ({**CARD, "recipients": ["a"], "wait": {"timeout": "soon"}}, "/wait/timeout", "ISO 8601"),
            ({**CARD, "recipients": ["a"], "wait": {"timeout": "PT0S"}}, "/wait/timeout", "longer than zero"),
            ({**CARD, "action": "update"}, "", "`target` is missing"),
            ({"action": "delete"}, "", "`target` is missing"),
            ({"action": "update", "target": "WorkflowStartState"}, "", "a card to update is missing"),
            ({"action": "delete", "target": "WorkflowStartState"}, "/target", "sends no cards"),
        ],
    )
    def test_a_card_step_that_cannot_work_is_refused(
        self, check_step: Check, settings: dict[str, Any], path: str, message: str
    ) -> None:
        found = [problem for problem in check_step("adaptiveCard", settings).errors if message in problem.message]
        assert one(tuple(found)).path == f"{SETTINGS}{path}"

    def test_the_number_of_computed_recipients_is_not_judged(self, check_step: Check) -> None:
        settings = {**CARD, "recipients": ["${payload.output.to}"], "wait": {"for": 5}}
        assert not check_step("adaptiveCard", settings).errors

    def test_an_update_has_a_target_and_neither_recipients_nor_a_wait(self, check: Check) -> None:
        send = {"id": "ask", "type": "adaptiveCard", "settings": {**CARD, "recipients": ["a"]}}
        settings = {**CARD, "action": "update", "target": "ask"}
        assert not check(send, {"id": "tell", "type": "adaptiveCard", "settings": settings}).errors
        wrong = {**settings, "recipients": ["a"], "wait": {}}
        findings = check(send, {"id": "tell", "type": "adaptiveCard", "settings": wrong})
        assert {problem.message for problem in findings.errors} == {
            "`recipients` is for the action send",
            "`wait` is for the action send",
        }
        findings = check(
            {**send, "settings": settings | {"target": "tell"}},
            {"id": "tell", "type": "adaptiveCard", "settings": settings},
        )
        assert {problem.message for problem in findings.errors} == {"'ask' sends no cards", "'tell' sends no cards"}

    def test_a_card_of_another_type_is_a_warning(self, check_step: Check) -> None:
        findings = check_step("adaptiveCard", {"card": {"body": []}, "recipients": ["a"]})
        assert one(findings.warnings).path == f"{SETTINGS}/card"

    def test_a_wait_takes_both_sources_unless_it_says_so(self, check_step: Check) -> None:
        settings = compiled(check_step("wait")).settings
        assert isinstance(settings, WaitSettings)
        assert settings.sources == ("SAP", "TEAMS")
        assert settings.problems_of({"anything": 1}) == ()

    def test_a_wait_checks_its_answer(self, check_step: Check) -> None:
        schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
        settings = compiled(check_step("wait", {"sources": ["SAP"], "schema": schema})).settings
        assert isinstance(settings, WaitSettings)
        assert settings.problems_of({"ok": True}) == ()
        assert settings.problems_of({}) == (Problem(path="/payload", message="the field 'ok' is missing"),)
        assert settings.problems_of({"ok": 1}) == (
            Problem(path="/payload/ok", message="must be true or false, not a number"),
        )

    def test_a_wait_with_a_wrong_schema_is_refused(self, check_step: Check) -> None:
        problem = one(check_step("wait", {"schema": {"type": "text"}}).errors)
        assert problem.path == f"{SETTINGS}/schema"
        assert problem.message.startswith("is not a valid JSON Schema")

    def test_a_delay_is_for_a_time_or_until_one(self, check_step: Check, evaluation: Of) -> None:
        settings = compiled(check_step("delay", {"for": "PT0S"})).settings
        assert isinstance(settings, DelaySettings)
        assert settings.for_ is not None
        settings = compiled(check_step("delay", {"until": "${payload.output.at}"})).settings
        assert isinstance(settings, DelaySettings)
        assert settings.until is not None
        assert settings.until.evaluate(evaluation(payload={"output": {"at": "x"}})) == "x"
        assert not check_step("delay", {"until": "2030-01-01T00:00:00Z"}).errors

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({"for": "PT1H", "until": "2030-01-01T00:00:00Z"}, "", "exactly one"),
            ({"for": "1 hour"}, "/for", "ISO 8601"),
            ({"for": "-PT1H"}, "/for", "ISO 8601"),
            ({"until": "tomorrow"}, "/until", "RFC 3339"),
        ],
    )
    def test_a_wrong_delay_is_refused(
        self, check_step: Check, settings: dict[str, Any], path: str, message: str
    ) -> None:
        problem = one(check_step("delay", settings).errors)
        assert problem.path == f"{SETTINGS}{path}"
        assert message in problem.message

    def test_a_delay_without_settings_is_told_at_the_step(self, check_step: Check) -> None:
        assert first(check_step("delay"))[0] == "/workflow_steps/1"


class TestOthers:
    def test_names_of_the_payload_are_split_at_their_dots(self, check_step: Check, evaluation: Of) -> None:
        parameters = [{"name": "a.b", "value": "${payload.output.x}"}, {"name": "c", "value": None}]
        settings = compiled(check_step("overridePayload", {"parameters": parameters})).settings
        assert isinstance(settings, OverridePayloadSettings)
        assert [name for name, _ in settings.parameters] == [("a", "b"), ("c",)]
        data = evaluation(payload={"output": {"x": 5}})
        assert [value.evaluate(data) for _, value in settings.parameters] == [5, None]
        assert settings.payload is None

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({}, "", "exactly one"),
            ({"payload": {}, "parameters": [{"name": "a", "value": 1}]}, "", "exactly one"),
            ({"parameters": [{"name": "a..b", "value": 1}]}, "/parameters/0/name", "empty part"),
            ({"parameters": [{"name": "workflow_id", "value": 1}]}, "/parameters/0/name", "belongs to the engine"),
            ({"parameters": [{"name": "executor.x", "value": 1}]}, "/parameters/0/name", "belongs to the engine"),
            ({"payload": {"workspace_id": 1}}, "/payload/workspace_id", "belongs to the engine"),
        ],
    )
    def test_an_override_that_cannot_work_is_refused(
        self, check_step: Check, settings: dict[str, Any], path: str, message: str
    ) -> None:
        problem = one(check_step("overridePayload", settings).errors)
        assert problem.path == f"{SETTINGS}{path}"
        assert message in problem.message

    def test_a_name_that_is_set_twice_is_a_warning(self, check_step: Check) -> None:
        parameters = [{"name": "a", "value": 1}, {"name": "a", "value": 2}]
        findings = check_step("overridePayload", {"parameters": parameters})
        assert one(findings.warnings).path == f"{SETTINGS}/parameters/1/name"

    def test_a_redirect_states_its_bound_as_a_whole_number(self, check: Check) -> None:
        findings = check(
            {"id": "wait_1", "type": "wait"},
            {"id": "step_1", "type": "redirect", "settings": {"target": "wait_1", "max_visits": 3.0}},
        )
        assert compiled(findings).settings == RedirectSettings(target="wait_1", max_visits=3)

    def test_a_termination_completes_unless_it_says_so(self, check_step: Check, evaluation: Of) -> None:
        settings = compiled(check_step("terminate")).settings
        assert settings == TerminateSettings(status="COMPLETED", reason=None)
        settings = compiled(check_step("terminate", {"status": "FAILED", "reason": "no ${payload.output.x}"})).settings
        assert isinstance(settings, TerminateSettings)
        assert settings.reason is not None
        assert settings.reason.evaluate(evaluation(payload={"output": {"x": 1}})) == "no 1"


class TestWorkflowSettings:
    def test_they_have_defaults(self, check_step: Check) -> None:
        findings = check_step("wait")
        assert findings.workflow is not None
        assert findings.workflow.settings == WorkflowSettings()

    def test_they_are_read(self, check: Check) -> None:
        stated = {
            "timeout": "P30D",
            "max_concurrency": 5.0,
            "timezone": "Europe/Berlin",
            "search_fields": ["/payload/output/po"],
            "retention": "P1Y",
            "log": "errors",
            "on_failure": "0190C3B2-0000-7000-8000-000000000001",
        }
        findings = check({"id": "wait_1", "type": "wait"}, workflow_settings=stated)
        assert findings.workflow is not None
        assert findings.workflow.settings == WorkflowSettings(
            timeout=Duration(days=30),
            max_concurrency=5,
            timezone="Europe/Berlin",
            search_fields=("/payload/output/po",),
            retention=Duration(years=1),
            log="errors",
            on_failure="0190C3B2-0000-7000-8000-000000000001",
        )
        assert [warning.path for warning in findings.warnings] == ["/workflow_settings/log"]
        assert all("no effect in this release" in warning.message for warning in findings.warnings)

    def test_those_that_say_what_happens_anyway_warn_of_nothing(self, check: Check) -> None:
        findings = check({"id": "wait_1", "type": "wait"}, workflow_settings={"log": "full", "search_fields": []})
        assert not findings.warnings

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("timeout", "P30", "is not an ISO 8601 duration"),
            ("timeout", "PT0S", "must be longer than zero"),
            ("timezone", "Berlin", "is not an IANA time zone"),
            ("on_failure", "the other one", "is not a workflow id"),
            ("log", "all", "is not one of"),
        ],
    )
    def test_a_wrong_setting_is_refused(self, check: Check, field: str, value: Any, message: str) -> None:
        problem = one(check({"id": "wait_1", "type": "wait"}, workflow_settings={field: value}).errors)
        assert problem.path == f"/workflow_settings/{field}"
        assert message in problem.message
