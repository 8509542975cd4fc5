"""The settings of steps that call other systems."""

from datetime import timedelta
from typing import Any

import pytest
from settings_kit import SETTINGS, URL, Check, Of, compiled, one

from looply.definition import CallSettings


def test_an_http_request_has_its_whole_input_in_one_template(check_step: Check, evaluation: Of) -> None:
    settings = {
        "method": "POST",
        "url": "https://a.example/${payload.output.id}",
        "body": {"n": "${payload.output.n}"},
        "fail_on": ["4xx"],
    }
    step = compiled(check_step("httpRequest", settings, timeout="PT10S"))
    assert step.settings == CallSettings(operation="http.request", fail_on=("4xx",))
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
    check_step: Check, method: str, on_unknown: str
) -> None:
    assert compiled(check_step("httpRequest", {**URL, "method": method})).on_unknown == on_unknown


def test_the_author_decides_about_an_unknown_outcome(check_step: Check) -> None:
    assert compiled(check_step("httpRequest", {**URL, "method": "POST"}, on_unknown="retry")).on_unknown == "retry"
    assert compiled(check_step("httpRequest", URL, on_unknown="incident")).on_unknown == "incident"


def test_a_method_made_by_an_expression_is_never_repeated_unasked(check_step: Check) -> None:
    step = compiled(check_step("httpRequest", {**URL, "method": "${payload.output.m}", "connection": "c"}))
    assert step.on_unknown == "incident"


def test_a_method_that_is_left_out_is_get(check_step: Check, evaluation: Of) -> None:
    step = compiled(check_step("httpRequest", URL))
    assert step.input is not None
    assert step.input.evaluate(evaluation()) == {"method": "GET", "url": "https://a.example"}


def test_a_retry_has_defaults(check_step: Check) -> None:
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
def test_an_address_may_be_absolute_computed_or_below_a_connection(check_step: Check, settings: dict[str, Any]) -> None:
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
    check_step: Check, settings: dict[str, Any], path: str, message: str
) -> None:
    problem = one(check_step("httpRequest", {**settings, "fail_on": ["4xx"]}).errors)
    assert problem.path == f"{SETTINGS}{path}"
    assert message in problem.message


def test_credentials_are_secret_unasked(check_step: Check) -> None:
    bearer = {**URL, "auth": {"type": "bearer", "token": "${payload.output.t}"}}
    assert compiled(check_step("httpRequest", bearer, secret=["/output/data"])).secret == (
        "/output/data",
        "/auth/token",
    )
    basic = {**URL, "auth": {"type": "basic", "user": "u", "password": "${payload.output.p}"}}
    assert compiled(check_step("httpRequest", basic)).secret == ("/auth/password",)
    assert compiled(check_step("httpRequest", {**URL, "auth": "${payload.output.a}"})).secret == ("/auth",)


def test_a_credential_in_the_definition_is_a_warning(check_step: Check) -> None:
    findings = check_step("httpRequest", {**URL, "auth": {"type": "bearer", "token": "abc"}})
    warning = one(findings.warnings)
    assert warning.path == f"{SETTINGS}/auth/token"
    assert "abc" not in warning.message


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ("/header/authorization", "a httpRequest has no 'header'"),
        ("/headers/authorization", "points to no value"),
        ("/body/card/number", "points to no value"),
    ],
)
def test_a_secret_that_leads_nowhere_is_refused(check_step: Check, secret: str, message: str) -> None:
    settings = {**URL, "headers": {"Authorization": "x"}, "body": {"card": 5}}
    problem = one(check_step("httpRequest", settings, secret=[secret]).errors)
    assert problem.path == "/workflow_steps/1/secret/0"
    assert message in problem.message


@pytest.mark.parametrize("secret", ["/headers/Authorization", "/body/token", "/output/data/anything"])
def test_a_secret_may_lie_in_what_an_expression_makes(check_step: Check, secret: str) -> None:
    settings = {**URL, "headers": {"Authorization": "x"}, "body": "${payload.output.body}"}
    assert compiled(check_step("httpRequest", settings, secret=[secret])).secret == (secret,)


def test_a_sap_request_names_its_system(check_step: Check) -> None:
    settings = {"system_id": "${payload.output.sid}", "client": 100, "service_path": "/x", "fail_on": ["4xx"]}
    step = compiled(check_step("sapRequest", settings))
    assert step.settings == CallSettings(operation="sap.odata", fail_on=("4xx",), repeat="always")


def test_values_stay_within_the_literals_of_a_sap_request(check_step: Check, evaluation: Of) -> None:
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
def test_a_sap_request_without_one_system_is_refused(check_step: Check, settings: dict[str, Any], message: str) -> None:
    problem = one(check_step("sapRequest", {**settings, "service_path": "/x", "fail_on": ["4xx"]}).errors)
    assert message in problem.message


@pytest.mark.parametrize("field", ["retry", "timeout", "park", "on_unknown"])
def test_what_only_a_call_can_have_is_a_warning_elsewhere(check_step: Check, field: str) -> None:
    value = {"retry": {}, "timeout": "PT1S", "park": "PT1S", "on_unknown": "retry"}[field]
    warning = one(check_step("wait", **{field: value}).warnings)
    assert warning.path == f"/workflow_steps/1/{field}"
    assert warning.message == f"`{field}` has no effect on a wait"


def test_how_long_a_call_may_wait_for_its_system_is_a_duration_without_date_parts(check_step: Check) -> None:
    settings = {"method": "GET", "url": "https://a.example"}
    assert compiled(check_step("httpRequest", settings, park="PT4H")).park == timedelta(hours=4)
    assert compiled(check_step("httpRequest", settings)).park is None
    for text, message in (("P1D", "PT24H rather than P1D"), ("PT0S", "longer than zero"), ("4 hours", "")):
        problem = one(check_step("httpRequest", settings, park=text).errors)
        assert problem.path == "/workflow_steps/1/park"
        assert message in problem.message


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_reads_without_a_body_may_be_called_and_repeated(method: str, check_step: Check) -> None:
    step = compiled(check_step("httpRequest", {"url": "https://a.example", "method": method, "fail_on": ["4xx"]}))
    assert step.on_unknown == "retry"


def test_the_answers_that_are_data_are_kept_and_not_sent(check_step: Check, evaluation: Of) -> None:
    step = compiled(check_step("httpRequest", {"url": "https://a.example", "ok_on": ["302"], "fail_on": ["4xx"]}))
    assert step.settings == CallSettings(operation="http.request", fail_on=("4xx",), ok_on=("302",), repeat="always")
    assert step.input is not None
    assert "ok_on" not in step.input.evaluate(evaluation())


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"pages": {}, "method": "POST"}, "/pages"),
        ({"soap": {}}, "/soap"),
        ({"soap": {}, "method": "PUT"}, "/soap"),
        ({"pages": {"max": 0}}, "/pages/max"),
        ({"pages": {"follow": "next"}}, "/pages/follow"),
        ({"pages": {"items": "value"}}, "/pages/items"),
        ({"soap": {"version": "3"}, "method": "POST"}, "/soap/version"),
        ({"ok_on": ["3"]}, "/ok_on/0"),
    ],
)
def test_settings_that_no_call_can_have_are_errors(settings: Any, path: str, check_step: Check) -> None:
    given = {"url": "https://a.example", "fail_on": ["4xx"], **settings}
    assert [problem.path.partition("/settings")[2] for problem in check_step("httpRequest", given).errors] == [path]


def test_a_value_in_a_soap_body_is_escaped_or_warned_of(check_step: Check) -> None:
    given = {"url": "https://a.example", "method": "POST", "soap": {}, "fail_on": ["4xx"]}
    assert one(check_step("httpRequest", {**given, "body": "<a>${payload.output.po}</a>"}).warnings)
    assert not check_step("httpRequest", {**given, "body": "<a>${xmlText(payload.output.po)}</a>"}).warnings
