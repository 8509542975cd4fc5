"""`function` and `email`: their compiled settings, errors and warnings."""

from collections.abc import Callable
from typing import Any

import pytest

from looply.definition import CallSettings, Findings, Step
from looply.definition.settings.mail import address_problem, has_line_break, read_address, split_addresses
from looply.expressions import Evaluation

Check = Callable[..., Findings]
Of = Callable[..., Evaluation]

SETTINGS = "/workflow_steps/1/settings"
MAIL = {"connection": "MAIL", "to": "ann@example.com", "subject": "Hello", "text": "Hi"}


def compiled(findings: Findings) -> Step:
    assert not findings.errors
    assert findings.workflow is not None
    return findings.workflow.steps["step_1"]


def found(findings: Findings) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in findings.errors]


class TestFunction:
    def test_code_is_taken_as_it_is_and_input_is_a_template(self, check_step: Check, evaluation: Of) -> None:
        code = "return `${input.x} \\${y}`"
        settings = {"language": "javascript", "code": code, "input": {"x": "${payload.output.n}"}}
        step = compiled(check_step("function", settings))
        assert step.settings == CallSettings(
            operation="function.run", literal_input={"language": "javascript", "code": code}, repeat="always"
        )
        assert step.input is not None
        assert step.input.evaluate(evaluation(payload={"output": {"n": 7}})) == {"input": {"x": 7}}

    def test_an_input_that_is_left_out_is_null(self, check_step: Check, evaluation: Of) -> None:
        step = compiled(check_step("function", {"language": "python", "code": "return 1"}))
        assert step.input is not None
        assert step.input.evaluate(evaluation()) == {"input": None}

    def test_it_is_repeated_after_an_unknown_outcome_unless_it_says_otherwise(self, check_step: Check) -> None:
        settings = {"language": "python", "code": "return 1"}
        assert compiled(check_step("function", settings)).on_unknown == "retry"
        assert compiled(check_step("function", settings, on_unknown="incident")).on_unknown == "incident"

    @pytest.mark.parametrize("code", [" ", "\n\t\n"])
    def test_empty_code_is_an_error(self, check_step: Check, code: str) -> None:
        findings = check_step("function", {"language": "python", "code": code})
        assert found(findings) == [(f"{SETTINGS}/code", "the code is empty")]

    @pytest.mark.parametrize("language", ["ruby", "JavaScript", "${payload.output.language}"])
    def test_the_language_is_one_of_two_constants(self, check_step: Check, language: str) -> None:
        (problem,) = check_step("function", {"language": language, "code": "x"}).errors
        assert problem.path == f"{SETTINGS}/language"

    @pytest.mark.parametrize("language", ["javascript", "python"])
    def test_code_that_returns_nothing_is_doubtful(self, check_step: Check, language: str) -> None:
        (warning,) = check_step("function", {"language": language, "code": "input['a'] * 2"}).warnings
        expected = (f"{SETTINGS}/code", "the code returns nothing: the output is null")
        assert (warning.path, warning.message) == expected

    def test_an_expression_in_python_is_doubtful(self, check_step: Check) -> None:
        findings = check_step("function", {"language": "python", "code": "return '${payload.output.n}'"})
        (warning,) = findings.warnings
        assert (warning.path, warning.hint) == (
            f"{SETTINGS}/code",
            "pass the value in `input`, and read it in the code as `input`",
        )

    def test_a_syntax_error_of_the_input_is_reported_at_its_path(self, check_step: Check) -> None:
        settings = {"language": "python", "code": "return 1", "input": {"a": ["${("]}}
        (problem,) = check_step("function", settings).errors
        assert problem.path == f"{SETTINGS}/input/a/0"

    def test_a_secret_of_the_input_is_a_pointer_into_it(self, check_step: Check) -> None:
        settings = {"language": "python", "code": "return 1", "input": {"token": "x"}}
        assert compiled(check_step("function", settings, secret=["/input/token"])).secret == ("/input/token",)
        assert check_step("function", settings, secret=["/body"]).errors


class TestEmail:
    def test_the_whole_mail_is_a_template(self, check_step: Check, evaluation: Of) -> None:
        step = compiled(check_step("email", {**MAIL, "to": ["${payload.output.to}"], "cc": "a@b.example"}))
        assert step.settings == CallSettings(operation="email.send")
        assert step.on_unknown == "incident"
        assert step.input is not None
        value = step.input.evaluate(evaluation(payload={"output": {"to": "bob@example.com"}}))
        assert value == {**MAIL, "to": ["bob@example.com"], "cc": "a@b.example"}

    def test_files_answers_and_unsubscribing_are_part_of_the_template(self, check_step: Check, evaluation: Of) -> None:
        more = {
            "reply_to": "${payload.output.to}",
            "attachments": ["${payload.output.pdf}", {"content": "${payload.output.pdf}", "name": "PO.pdf"}],
            "list_unsubscribe": "https://example.com/off",
        }
        step = compiled(check_step("email", {**MAIL, **more}))
        pdf = {"$blob": "1", "type": "application/pdf", "name": "", "size": 1}
        assert step.input is not None
        value = step.input.evaluate(evaluation(payload={"output": {"to": "bob@example.com", "pdf": pdf}}))
        assert value == {
            **MAIL,
            "reply_to": "bob@example.com",
            "attachments": [pdf, {"content": pdf, "name": "PO.pdf"}],
            "list_unsubscribe": "https://example.com/off",
        }

    @pytest.mark.parametrize(
        ("field", "value", "path"),
        [
            ("reply_to", "ann", "reply_to"),
            ("list_unsubscribe", "http://example.com", "list_unsubscribe"),
            ("attachments", [], "attachments"),
            ("attachments", "a.pdf", "attachments"),
            ("attachments", [{"name": "a.pdf"}], "attachments/0"),
        ],
    )
    def test_what_is_wrong_with_the_other_parts_is_an_error_at_its_path(
        self, check_step: Check, field: str, value: Any, path: str
    ) -> None:
        paths = [each for each, _ in found(check_step("email", {**MAIL, field: value}))]
        assert paths
        assert all(each.startswith(f"{SETTINGS}/{path}") for each in paths)

    def test_a_mail_without_a_body_is_an_error(self, check_step: Check) -> None:
        mail = {name: value for name, value in MAIL.items() if name != "text"}
        assert found(check_step("email", mail)) == [(SETTINGS, "the mail has no body")]
        assert not check_step("email", {**mail, "html": "<p>Hi</p>"}).errors

    @pytest.mark.parametrize(
        ("field", "value", "path"),
        [
            ("to", "ann", "to"),
            ("to", "ann@example.com, bob", "to"),
            ("to", ["ann@example.com", "bob@"], "to/1"),
            ("cc", ",", "cc"),
            ("cc", ["Ann <ann@example.com>\r\nBcc: eve@example.com"], "cc/0"),
        ],
    )
    def test_a_constant_that_is_no_address_is_an_error_at_its_path(
        self, check_step: Check, field: str, value: Any, path: str
    ) -> None:
        assert [path for path, _ in found(check_step("email", {**MAIL, field: value}))] == [f"{SETTINGS}/{path}"]

    def test_a_line_break_in_the_subject_is_an_error(self, check_step: Check) -> None:
        assert found(check_step("email", {**MAIL, "subject": "a\nBcc: b"})) == [
            (f"{SETTINGS}/subject", "the subject must not have a line break or a control character")
        ]

    def test_an_encoded_word_in_the_subject_is_an_error(self, check_step: Check) -> None:
        (error,) = found(check_step("email", {**MAIL, "subject": "=?utf-8?q?a=0aBcc:_b?="}))
        assert error[0] == f"{SETTINGS}/subject"
        assert "encoded word" in error[1]

    def test_to_subject_and_connection_are_required(self, check_step: Check) -> None:
        for name in ("connection", "to", "subject"):
            assert check_step("email", {key: value for key, value in MAIL.items() if key != name}).errors


class TestAddresses:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("ann@example.com", ("", "ann@example.com")),
            (" Ann Smith <ann.s+x@example.co.uk> ", ("Ann Smith", "ann.s+x@example.co.uk")),
            ('"Smith, Ann" <ann@example.com>', ("Smith, Ann", "ann@example.com")),
            ("ann@bücher.example", ("", "ann@bücher.example")),
            ("ann@localhost", ("", "ann@localhost")),
        ],
    )
    def test_an_address_may_have_a_name(self, text: str, expected: tuple[str, str]) -> None:
        assert read_address(text) == expected
        assert address_problem(text) == ""

    @pytest.mark.parametrize(
        "text",
        ["", "ann", "@example.com", "ann@", "a b@example.com", "ann@exa mple.com", "ann@@example.com",
         ".ann@example.com",
         "ann@example..com", "änn@example.com", "<ann@example.com", "ann@example.com>", "a<b>@c.example",
         "Ann <a@b.c> x",
         "x\r\ny <ann@example.com>", "ann@[127.0.0.1]", f"{'a' * 250}@b.example", "ann@ex,ample.com"],
    )  # fmt: skip
    def test_everything_else_is_none(self, text: str) -> None:
        assert read_address(text) is None

    def test_a_text_separates_addresses_by_commas_or_semicolons(self) -> None:
        assert split_addresses("a@b.c, d@e.f;g@h.i ,") == ["a@b.c", "d@e.f", "g@h.i"]

    @pytest.mark.parametrize("character", ["\r", "\n", "\0", "\t", "\x7f", "\u2028", "\u0085"])
    def test_what_could_end_a_header_is_seen(self, character: str) -> None:
        assert has_line_break(f"a{character}b")
        assert not has_line_break("äöü 😀")
