"""All spellings of a person's address identify the same person."""

import pytest

from looply.definition.settings.mail import person_of


@pytest.mark.parametrize(
    "address",
    [
        '"ann"@example.com',
        '"\\ann"@example.com',
        "ann(office)@example.com",
        "(boss (of all))ann@example.com(home)",
        "mailto:ann@example.com",
        " MAILTO:Ann@Example.com.",
        "Ann <mailto:ann@example.com>",
        "ann @ example.com",
        '"Ann" <"ann"@example.com>',
    ],
)
def test_quotes_comments_and_schemes_make_no_other_person(address: str) -> None:
    assert person_of(address) == "ann@example.com"


@pytest.mark.parametrize("address", ['"ann(office)"@example.com', "ann+po@example.com", "ann.po@example.com"])
def test_what_names_another_mailbox_is_another_person(address: str) -> None:
    assert person_of(address) != "ann@example.com"


@pytest.mark.parametrize("text", ["", "@", '"', "(((", "a@", "a)(b@c", "(" * 5000 + ")" * 5000 + "@x"])
def test_what_is_no_address_is_what_it_is(text: str) -> None:
    assert person_of(text) == text
