"""Values in URLs: one path segment or one query value, never a host."""

from typing import Any

import pytest
from settings_kit import SETTINGS, Check, Of, compiled, one

from looply.expressions import ExpressionError


def made(check_step: Check, evaluation: Of, type_: str, value: Any, **settings: Any) -> dict[str, Any]:
    step = compiled(check_step(type_, {"fail_on": ["4xx"], **settings}))
    assert step.input is not None
    document = {"payload": {"output": {"k": value}}, "environment": {"base": "https://a.example/api", "host": "a.b"}}
    sent = step.input.evaluate(evaluation(**document))
    assert isinstance(sent, dict)
    return sent


K = "${payload.output.k}"


@pytest.mark.parametrize(
    ("url", "value", "expected"),
    [
        (f"http://h/x/{K}/y", "../../admin?a=b&", "http://h/x/..%2F..%2Fadmin%3Fa%3Db%26/y"),
        (f"http://h/x/{K}", "a b%2f;p=1#f", "http://h/x/a%20b%252f%3Bp%3D1%23f"),
        (f"http://h/x?a={K}&b={K}", "1&c=2", "http://h/x?a=1%26c%3D2&b=1%26c%3D2"),
        (f"http://h?a={K}", "/../", "http://h?a=%2F..%2F"),
        (f"http://h/x/{K}", "ä/é", "http://h/x/%C3%A4%2F%C3%A9"),
        (f"http://h/x/{K}-{K}.json", 7, "http://h/x/7-7.json"),
        (f"http://h/x/{K}", None, "http://h/x/"),
        ("http://h/x/${uriComponent(payload.output.k)}", "a/b", "http://h/x/a%2Fb"),
        (f"${{environment.base}}/orders/{K}", "a/../b", "https://a.example/api/orders/a%2F..%2Fb"),
        (f"https://${{environment.host}}/{K}", "x", "https://a.b/x"),
        ("${environment.base}", "", "https://a.example/api"),
        ("http://h/x/literal?a=b&c=/d", "", "http://h/x/literal?a=b&c=/d"),
    ],
)
def test_a_value_is_one_part_of_a_url(check_step: Check, evaluation: Of, url: str, value: Any, expected: str) -> None:
    assert made(check_step, evaluation, "httpRequest", value, url=url)["url"] == expected


@pytest.mark.parametrize(
    ("url", "value", "expected"),
    [
        (f"/orders/{K}", "../../admin?x", "/orders/..%2F..%2Fadmin%3Fx"),
        (f"orders/{K}", "//evil.example", "orders/%2F%2Fevil.example"),
        (K, "https://evil.example/", "https%3A%2F%2Fevil.example%2F"),
        (f"?q={K}", "a&b", "?q=a%26b"),
        (f"${{environment.base}}/{K}", "x/y", "https://a.example/api/x%2Fy"),
    ],
)
def test_a_value_is_one_part_of_a_path_below_a_connection(
    check_step: Check, evaluation: Of, url: str, value: Any, expected: str
) -> None:
    assert made(check_step, evaluation, "httpRequest", value, url=url, connection="C")["url"] == expected


@pytest.mark.parametrize("value", [".", ".."])
@pytest.mark.parametrize("url", [f"http://h/x/{K}/y", "http://h/x/${uriComponent(payload.output.k)}"])
def test_a_value_that_would_change_the_path_fails_the_step(
    check_step: Check, evaluation: Of, url: str, value: str
) -> None:
    with pytest.raises(ExpressionError, match=r"is \. or \.\., which would change the path"):
        made(check_step, evaluation, "httpRequest", value, url=url)


@pytest.mark.parametrize(
    "url",
    [
        K,
        f"http://{K}.evil/",
        f"http://{K}",
        f"http://h:{K}/",
        f"https://${{environment.host}}{K}/",
        f"${{environment.base}}{K}/x",
        "${concat(environment.base, payload.output.k)}",
        f"http{K}://h/",
        "${'https://h/'}",
    ],
)
def test_a_host_that_a_value_would_name_is_an_error_at_save(check_step: Check, url: str) -> None:
    problem = one(check_step("httpRequest", {"url": url, "fail_on": ["4xx"]}).errors)
    assert problem.path == f"{SETTINGS}/url"
    assert "would choose the host" in problem.message
    assert "raw: true" in problem.hint


def test_raw_puts_values_in_as_they_are_and_is_a_warning(check_step: Check, evaluation: Of) -> None:
    warning = one(check_step("httpRequest", {"url": K, "raw": True, "fail_on": ["4xx"]}).warnings)
    assert warning.path == f"{SETTINGS}/raw"
    sent = made(check_step, evaluation, "httpRequest", "http://h/a?b=c", url=K, raw=True)
    assert sent == {"method": "GET", "url": "http://h/a?b=c"}


def sap(check_step: Check, evaluation: Of, value: Any, **settings: Any) -> dict[str, Any]:
    return made(check_step, evaluation, "sapRequest", value, **{"connection": "S4", "service_path": "/x", **settings})


@pytest.mark.parametrize(
    ("settings", "value", "expected"),
    [
        ({"entity": f"A('{K}')"}, "1') /Secret('2", "A('1'') /Secret(''2')"),
        ({"entity": f"A({K})"}, 4711, "A(4711)"),
        ({"entity": f"A({K})"}, "005056a1-0001-1ed6-9eb6-e1a6f1f5a2a1", "A(005056a1-0001-1ed6-9eb6-e1a6f1f5a2a1)"),
        ({"entity": f"{K}('1')"}, "A_Order", "A_Order('1')"),
        ({"service_path": f"/sap/{K}/x"}, "API_SRV", "/sap/API_SRV/x"),
        ({"service_path": "${environment.host}/x"}, "", "a.b/x"),
        ({"params": {"$filter": f"Amount gt {K} and N eq '{K}'"}}, 5, {"$filter": "Amount gt 5 and N eq '5'"}),
        ({"params": {"$filter": K}}, "A eq 1 or B eq 2", {"$filter": "A eq 1 or B eq 2"}),
        ({"params": {"$select": f"A,{K}"}}, "B,C", {"$select": "A,B,C"}),
        ({"entity": f"A({K})", "raw": True}, "1)/B(2", "A(1)/B(2)"),
    ],
)
def test_a_value_stays_one_literal_of_odata(
    check_step: Check, evaluation: Of, settings: dict[str, Any], value: Any, expected: Any
) -> None:
    assert sap(check_step, evaluation, value, **settings)[next(iter(settings))] == expected


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        ({"entity": f"A({K})"}, "1)/Secret(2"),
        ({"entity": f"A({K})"}, "1,Client='200'"),
        ({"entity": f"A({K})"}, "%31"),
        ({"entity": K}, "A('1')"),
        ({"entity": f"A/{K}"}, ".."),
        ({"service_path": f"/sap/{K}"}, "../x"),
        ({"service_path": K}, "/sap/opu"),
        ({"params": {"$filter": f"Amount gt {K}"}}, "1 or 1 eq 1"),
    ],
)
def test_a_value_that_would_be_more_than_a_literal_of_odata_fails_the_step(
    check_step: Check, evaluation: Of, settings: dict[str, Any], value: str
) -> None:
    with pytest.raises(ExpressionError, match="outside quotes a value must be a number, a date, a GUID or a name"):
        sap(check_step, evaluation, value, **settings)


@pytest.mark.parametrize(
    ("kind", "body", "hint"),
    [
        ("xml", f"<a>{K}</a>", "write ${xmlText(payload.output.k)}"),
        ("xml", "<a>${xmlText(payload.output.k)}</a><b>${concat(payload.output.k)}</b>", "write ${xmlText(concat("),
        ("raw", f"a;{K}", "write ${jsonStringify(payload.output.k)}"),
    ],
)
@pytest.mark.parametrize("type_", ["httpRequest", "sapRequest"])
def test_an_unescaped_value_in_a_body_of_text_is_a_warning(
    check_step: Check, type_: str, kind: str, body: str, hint: str
) -> None:
    call = {"url": "https://h/"} if type_ == "httpRequest" else {"connection": "S4", "service_path": "/x"}
    settings = {**call, "method": "POST", "body_type": kind, "body": body, "fail_on": ["4xx"]}
    warning = one(check_step(type_, settings).warnings)
    assert warning.path == f"{SETTINGS}/body"
    assert hint in warning.hint


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("xml", "<a>${xmlText(payload.output.k)}</a>"),
        ("xml", K),
        ("xml", "<a/>"),
        ("raw", "${uriComponent(payload.output.k)};${jsonStringify(payload.output.k)}"),
        ("json", f"a {K}"),
    ],
)
def test_an_escaped_or_whole_body_has_no_warning(check_step: Check, kind: str, body: str) -> None:
    settings = {"url": "https://h/", "method": "POST", "body_type": kind, "body": body, "fail_on": ["4xx"]}
    assert not check_step("httpRequest", settings).warnings


MAIL = {"connection": "M", "subject": "s", "text": "t"}


@pytest.mark.parametrize(
    ("to", "value", "expected"),
    [
        (K, "a@example.com", "a@example.com"),
        (K, ["a@example.com", "b@example.com"], ["a@example.com", "b@example.com"]),
        (f"Ann <{K}>, bob@example.com", "a@example.com", "Ann <a@example.com>, bob@example.com"),
        ([K, "b@example.com"], "a@example.com", ["a@example.com", "b@example.com"]),
    ],
)
def test_a_value_is_one_recipient_of_a_mail(
    check_step: Check, evaluation: Of, to: Any, value: Any, expected: Any
) -> None:
    assert sent_mail(check_step, evaluation, value, to=to)["to"] == expected


@pytest.mark.parametrize("to", [K, f"bob@example.com, {K}", f"Ann <{K}>"])
@pytest.mark.parametrize("field", ["to", "cc"])
@pytest.mark.parametrize("value", ["a@example.com,eve@example.com", "a@example.com; eve@example.com"])
def test_a_value_that_would_be_several_recipients_fails_the_step(
    check_step: Check, evaluation: Of, field: str, to: str, value: str
) -> None:
    with pytest.raises(ExpressionError, match="a value is one recipient"):
        sent_mail(check_step, evaluation, value, **{"to": "bob@example.com", field: to})


def sent_mail(check_step: Check, evaluation: Of, value: Any, **settings: Any) -> dict[str, Any]:
    step = compiled(check_step("email", {**MAIL, **settings}))
    assert step.input is not None
    sent = step.input.evaluate(evaluation(payload={"output": {"k": value}}))
    assert isinstance(sent, dict)
    return sent
