"""Cards as the HTML and the text of mails: what is drawn, what is left out, and that no value becomes markup."""

import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.connectors.email.cards.markup import html_of, plain, safe_link, with_instants
from looply.connectors.email.cards.pictures import Pictures
from looply.connectors.email.cards.plain import text_of
from looply.connectors.email.cards.rendering import Page, document
from looply.jsontext import Json

LINK = "https://looply.example.com/inbox/tok"
TAGS = {
    *("a", "body", "br", "div", "em", "head", "html", "img", "li", "meta", "ol", "span", "strong", "table", "td"),
    *("th", "title", "tr", "ul"),
}


class Found(HTMLParser):
    """The tags, the attributes and the texts of a document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in ("br", "img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name]


def drawn(*body: Json, link: str = LINK, actions: Json = None) -> Found:
    card = {"type": "AdaptiveCard", "version": "1.5", "body": list(body), "actions": actions}
    return Found(Page(link, "en", Pictures({})).body(card))


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": value, **more}


def test_texts_facts_columns_and_tables_are_drawn_in_the_order_of_reading() -> None:
    found = drawn(
        text("**Order** 4711", size="Large", weight="Bolder", color="Attention"),
        {"type": "RichTextBlock", "inlines": ["a ", {"type": "TextRun", "text": "*b*", "italic": True}]},
        {"type": "FactSet", "facts": [{"title": "Sum", "value": "1.00 EUR"}, {"title": "By", "value": 5}]},
        {
            "type": "ColumnSet",
            "columns": [{"items": [text("left")], "width": "120px"}, {"items": [text("right")], "width": "auto"}],
        },
        {"type": "Container", "style": "good", "items": [text("inside")]},
        {"type": "Table", "rows": [{"cells": [{"items": [text("head")]}]}, {"cells": [{"items": [text("cell")]}]}]},
    )
    assert found.text == "Order 4711 a *b* Sum 1.00 EUR By 5 left right inside head cell"
    assert found.open == []
    assert (found.tags.count("th"), found.tags.count("strong")) == (1, 1)
    styles = " ".join(found.values("style"))
    for part in ("font-size:20px", "color:#b10e1c", "font-style:italic", "width:120px", "background:#f1faf1"):
        assert part in styles


def test_nothing_can_be_filled_in_and_nothing_hidden_is_sent() -> None:
    found = drawn(
        {"type": "Input.Text", "id": "comment", "label": "Comment", "value": "secret"},
        text("hidden", isVisible=False),
        {"type": "Container", "isVisible": False, "items": [text("also hidden")]},
        {"type": "Media", "sources": [{"url": "https://x.example/a.mp4"}]},
        text("seen"),
    )
    assert (found.text, set(found.tags)) == ("seen", {"div"})


def test_an_unknown_element_is_replaced_by_its_fallback() -> None:
    unknown = {"type": "Chart.Bar", "fallback": text("as text")}
    assert drawn(unknown, {"type": "Carousel", "fallback": "drop"}, {"type": "Carousel"}).text == "as text"


@pytest.mark.parametrize(
    ("url", "is_drawn"),
    [
        ("https://x.example/a.png", True),
        ("http://x.example/a.png", False),
        ("data:image/png;base64,AAAA", False),
        ("javascript:alert(1)", False),
        (5, False),
    ],
)
def test_of_addresses_only_those_by_https_are_drawn_and_other_images_are_named(url: Json, is_drawn: bool) -> None:
    found = drawn({"type": "Image", "url": url, "altText": "A <logo>", "width": "80px"})
    assert (found.values("src"), found.text) == (([url], "") if is_drawn else ([], "A <logo>"))
    if is_drawn:
        assert (found.values("alt"), found.values("width")) == (["A <logo>"], ["80"])


def test_buttons_that_answer_are_links_to_the_page_and_others_keep_their_address() -> None:
    actions = [
        {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": {"action": "approve"}},
        {"type": "Action.Execute", "title": "Reject & close", "verb": "no", "style": "destructive"},
        {"type": "Action.ShowCard", "title": "Comment", "card": {"type": "AdaptiveCard", "body": [text("inner")]}},
        {"type": "Action.OpenUrl", "title": "In SAP", "url": "https://s4.example.com/po?id=1&x=2"},
        {"type": "Action.OpenUrl", "title": "Bad", "url": "javascript:alert(1)"},
        {"type": "Action.ToggleVisibility", "title": "More"},
    ]
    found = drawn(actions=actions)
    assert found.values("href") == [LINK, LINK, LINK, "https://s4.example.com/po?id=1&x=2"]
    assert found.text == "Approve Reject & close Comment In SAP"
    assert not {"form", "button", "input", "script"} & set(found.tags)
    assert drawn(actions=actions, link="").values("href") == ["https://s4.example.com/po?id=1&x=2"]


def test_of_markdown_there_are_bold_italic_lists_and_links_that_show_their_address() -> None:
    found = Found(html_of("a **b** _c_ *d*\n- e\n- f\n2. g\nh [here](https://x.example/?a=1&b=2)"))
    assert found.text == "a b c d e f g h here ( https://x.example/?a=1&b=2 )"
    assert found.tags == ["strong", "em", "em", "ul", "li", "li", "ol", "li", "a"]
    assert found.values("href") == ["https://x.example/?a=1&b=2"]
    assert plain("**b** [here](https://x.example/) \\*c\\* snake_case_name") == (
        "b here (https://x.example/) *c* snake_case_name"
    )


@pytest.mark.parametrize(
    "value", ["[a](javascript:alert(1))", "<script>x</script>", '"><img src=x>', "**<b>**", "&lt;"]
)
def test_a_value_is_shown_as_it_is(value: str) -> None:
    found = drawn(text(value), {"type": "FactSet", "facts": [{"title": value, "value": value}]})
    assert not {"script", "img", "b"} & set(found.tags)
    assert found.values("href") == []
    assert value.strip("*") in found.text


def test_dates_are_written_for_the_reader() -> None:
    pattern = "due {{DATE(2026-11-29T23:30:00Z, SHORT)}} at {{TIME(2026-11-29T23:30:00-01:00)}}"
    assert with_instants(pattern, "en") == "due 2026-11-29 at 00:30 UTC"
    assert with_instants(pattern, "de") == "due 29.11.2026 at 00:30 UTC"
    assert with_instants("{{DATE(2026-99-99T00:00:00Z)}}", "en") == "{{DATE(2026-99-99T00:00:00Z)}}"


def test_the_text_has_what_the_card_says() -> None:
    card = {
        "type": "AdaptiveCard",
        "body": [
            text("**Order** 4711"),
            {"type": "ColumnSet", "columns": [{"items": [text("left")]}, {"items": [text("right")]}]},
            {"type": "FactSet", "facts": [{"title": "Sum", "value": "1.00"}]},
            {"type": "Input.Text", "id": "x", "value": "secret"},
            text("hidden", isVisible=False),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "In SAP", "url": "https://s4.example.com/"}],
    }
    assert text_of(card, "en") == "Order 4711\nleft\nright\nSum: 1.00\nIn SAP: https://s4.example.com/"


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["TextBlock", "Image", "x<>&\"'"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "items", "body", "columns", "facts", "title", "url", "rows", "cells", "actions"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON_VALUES, st.text(max_size=60))
def test_any_card_gives_whole_html_of_known_tags(value: Any, words: str) -> None:
    card = {"type": "AdaptiveCard", "body": [value, text(words)], "actions": value}
    page = Page(LINK, "de", Pictures({}))
    found = Found(document(words, (page.body(card), page.buttons.answer()), "de"))
    assert set(found.tags) <= TAGS
    assert found.open == []
    assert {name for name, _ in found.attributes} <= {
        *("alt", "charset", "content", "href", "lang", "name", "role", "src", "style", "width"),
    }
    assert all(safe_link(each) for each in found.values("href"))
    assert text_of(card, "de") is not None


def test_deep_and_long_texts_cost_little() -> None:
    deep: dict[str, Any] = text("deep")
    for _ in range(200):
        deep = {"type": "Container", "items": [deep]}
    assert drawn(deep).text == ""
    begun = time.process_time()
    for piece in ("**a ", "_a ", "[a](https://", "\\", "* ", "{{DATE("):
        html_of(piece * 20_000)
        plain(piece * 20_000)
        with_instants(piece * 20_000, "en")
    assert time.process_time() - begun < 3
