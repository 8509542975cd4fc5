"""Masking of secrets in outputs and errors (SEC-01, SEC-02)."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.connectors.masking import Masker
from looply.errors import Unavailable
from looply.jsontext import Json

SECRET = 'p\u00e4ss "w/rd"?>~8'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote(SECRET, safe="").replace("%2F", "%2f").replace("%C3%A4", "%c3%a4").lower(),
        quote_plus(SECRET),
        b64encode(SECRET.encode()).decode(),
        b64encode(SECRET.encode()).decode().rstrip("="),
        urlsafe_b64encode(SECRET.encode()).decode(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        html.escape(SECRET),
        html.escape(SECRET).replace("&quot;", "&#34;"),
        SECRET.lower(),
        SECRET.upper(),
    ],
)
def test_every_form_of_a_secret_is_masked(form: str) -> None:
    assert Masker([SECRET]).json(f"before {form} after") == "before *** after"


def test_strings_and_keys_are_masked_at_any_depth() -> None:
    value = {"a": ["x-hunter2hunter2-y", 1, None, True], "hunter2hunter2": {"b": "hunter2hunter2"}}
    assert Masker(["hunter2hunter2"]).json(value) == {"a": ["x-***-y", 1, None, True], "***": {"b": "***"}}


def test_short_secrets_are_masked_where_they_are_a_whole_value() -> None:
    value = {"pin": "seven7", "upper": "SEVEN7", "base64": "c2V2ZW43", "seven7": [4711], "empty": "", "is": True}
    masked = {"pin": "***", "upper": "***", "base64": "***", "***": [4711], "empty": "", "is": True}
    assert Masker(["seven7", "4711", "", "True"]).json(value) == masked


def test_values_that_are_a_secret_as_a_whole_are_found_and_not_changed() -> None:
    value = {"a/b": ["seven7", 4711, "4711", 47110, True], "c": {"SEVEN7": 1}, "d": "the seven7 dwarfs"}
    assert list(Masker(["seven7", "4711", "True", ""]).echoes(value, "/output")) == [
        "/output/a~1b/0",
        "/output/a~1b/1",
        "/output/a~1b/2",
        "/output/c",
    ]


def test_short_secrets_are_left_within_a_text_so_that_words_stay_readable() -> None:
    assert Masker(["seven7", ""]).json("the seven7 dwarfs") == "the seven7 dwarfs"


def test_the_status_of_an_answer_stays_whatever_the_secrets_are() -> None:
    output = {"status": "200", "statusText": "OK", "headers": {}, "data": {"code": "200"}}
    assert Masker(["200"]).output(output) == {**output, "data": {"code": "***"}}


def test_a_secret_within_another_is_masked_with_it() -> None:
    assert Masker(["password1", "user:password1"]).json("user:password1") == "***"


def test_a_value_without_secrets_is_returned_as_it_is() -> None:
    value = {"a": [1]}
    assert Masker([]).json(value) is value


def test_an_error_is_masked_in_place() -> None:
    error = Unavailable("host hunter2hunter2 is away")
    Masker(["hunter2hunter2"]).mask(error)
    assert str(error) == "host *** is away"
    assert error.args == ("host *** is away",)


@pytest.mark.parametrize("count", [1, 1000])
def test_many_secrets_are_found_like_few(count: int) -> None:
    secrets = [f"secret-number-{index}!" for index in range(count)]
    text = "".join(f"<{secret.upper()}>" for secret in secrets) + "secret-number-x \u0130\u0130 SECRET-NUMBER-0!"
    assert Masker(secrets).text(text) == "<***>" * count + "secret-number-x \u0130\u0130 ***"


def test_a_text_that_would_take_too_long_to_search_is_masked_as_a_whole() -> None:
    secrets = ["aaaaaaaa" + "b" * length for length in range(1, 1000)]
    assert Masker(secrets).text("aaaaaaaac " * 1000) == "***"
    assert Masker(secrets).text("aaaaaaaac harmless") == "aaaaaaaac harmless"


SECRETS = st.text("ab'\"\\/<\u00df\u03a3\u03c2\u0130\n 1", min_size=1, max_size=12)


@given(st.data(), st.lists(SECRETS, min_size=1, max_size=4))
def test_a_value_is_masked_as_each_of_its_texts_is(data: st.DataObject, secrets: list[str]) -> None:
    masker = Masker(secrets)
    forms = [form for secret in secrets for form in (secret, secret.upper(), quote(secret), json.dumps(secret)[1:-1])]
    texts = st.builds("".join, st.lists(st.sampled_from([*forms, "a", "x", " "]), max_size=3))
    values = st.recursive(texts | st.integers() | st.none(), lambda some: st.lists(some, max_size=3), max_leaves=5)
    value = data.draw(values | st.dictionaries(texts, values, max_size=3))

    def each_by_itself(part: Json) -> Json:
        if isinstance(part, str):
            return masker.text(part)
        if isinstance(part, list):
            return [each_by_itself(item) for item in part]
        if isinstance(part, dict):
            return {masker.text(name): each_by_itself(item) for name, item in part.items()}
        return part

    assert masker.json(value) == each_by_itself(value)


def test_half_of_a_surrogate_pair_beside_a_secret_hides_nothing() -> None:
    assert Masker(["hunter2hunter2"]).json(["\ud800", "hunter2hunter2"]) == ["\ud800", "***"]
