"""The settings of the other step types: their compiled form, errors and warnings."""

from typing import Any

import pytest
from settings_kit import SETTINGS, Check, Of, compiled, first, one

from looply.definition import (
    AdaptiveCardSettings,
    AdvancedConditionalSettings,
    BranchConditionalSettings,
    CardWait,
    ConditionalSettings,
    DelaySettings,
    OverridePayloadSettings,
    RedirectSettings,
    TerminateSettings,
    WaitSettings,
)


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
        assert "has a `variable`" in problem.message

    @pytest.mark.parametrize(
        ("rule", "path", "message"),
        [
            ({"variable": "payload.output.n", "operator": "IsNull"}, "/variable", "has no expression"),
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
        (missing,) = settings.problems_of({})
        assert (missing.path, missing.message) == ("/payload", "the field 'ok' is missing")
        (wrong,) = settings.problems_of({"ok": 1})
        assert (wrong.path, wrong.message) == ("/payload/ok", "must be true or false, not a number")

    def test_a_wait_with_a_wrong_schema_is_refused(self, check_step: Check) -> None:
        problem = one(check_step("wait", {"schema": {"type": "text"}}).errors)
        assert problem.path == f"{SETTINGS}/schema"
        assert problem.message.startswith("is no JSON Schema that can be used")

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

    def test_a_delay_without_settings_is_reported_at_the_step(self, check_step: Check) -> None:
        assert first(check_step("delay"))[0] == "/workflow_steps/1"


class TestOthers:
    def test_names_of_the_payload_are_split_at_their_dots(self, check_step: Check, evaluation: Of) -> None:
        parameters = [{"name": "a.b", "value": "${payload.output.x}"}, {"name": "c", "value": None}]
        settings = compiled(check_step("overridePayload", {"parameters": parameters})).settings
        assert isinstance(settings, OverridePayloadSettings)
        assert [name for name, _ in settings.parameters] == ["a.b", "c"]
        assert settings.levels == 2
        data = evaluation(payload={"output": {"x": 5}})
        assert [value.evaluate(data) for _, value in settings.parameters] == [5, None]
        assert settings.payload is None

    @pytest.mark.parametrize(
        ("settings", "path", "message"),
        [
            ({}, "", "exactly one"),
            ({"payload": {}, "parameters": [{"name": "a", "value": 1}]}, "", "exactly one"),
            ({"parameters": [{"name": "a..b", "value": 1}]}, "/parameters/0/name", "empty part"),
            ({"parameters": [{"name": "workflow_id", "value": 1}]}, "/parameters/0/name", "is reserved for the engine"),
            ({"parameters": [{"name": "executor.x", "value": 1}]}, "/parameters/0/name", "is reserved for the engine"),
            ({"payload": {"workspace_id": 1}}, "/payload/workspace_id", "is reserved for the engine"),
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

    def test_a_redirect_has_its_limit_as_a_whole_number(self, check: Check) -> None:
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
