"""A card as the HTML of a mail: tables and styles that mail programs draw, nothing that runs and nothing to fill in.

What mail can show is shown: texts, facts, columns, tables, images by https and those that the mail carries. Inputs are
left out, because the answer is given in Looply, and so are audio, video and what is hidden. Buttons that answer are
links to the page of the card and decide nothing. An element of an unknown type is replaced by its `fallback`.

Source: Adaptive Cards 1.5, and what Outlook, Gmail and Apple Mail draw of HTML.
"""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

from looply.connectors.email.cards.markup import html_of, safe_link, with_instants
from looply.connectors.email.cards.pictures import Pictures
from looply.connectors.email.cards.texts import TEXTS
from looply.connectors.email.settings import Language
from looply.jsontext import Json

MOST_CHARACTERS: Final = 90_000
"""A longer mail is cut by Gmail, which shows about 102 KB."""
_LEVELS: Final = 40
_FONT: Final = "font-family:Segoe UI,Helvetica,Arial,sans-serif"
_SIZES: Final = {"small": "12px", "default": "14px", "medium": "16px", "large": "20px", "extralarge": "24px"}
_WEIGHTS: Final = {"lighter": "300", "bolder": "600"}
_COLORS: Final = {
    "accent": "#0f6cbd",
    "good": "#0e700e",
    "warning": "#8a5100",
    "attention": "#b10e1c",
    "light": "#616161",
}
_BACKGROUNDS: Final = {
    "emphasis": "#f5f5f5",
    "good": "#f1faf1",
    "attention": "#fdf3f4",
    "warning": "#fff9f5",
    "accent": "#ebf3fc",
}
_BUTTONS: Final = {"positive": "#0e700e", "destructive": "#b10e1c"}
_IMAGES: Final = {"small": 40, "medium": 80, "large": 160}
_ALIGN: Final = frozenset({"left", "center", "right"})
_ANSWERS: Final = frozenset({"Action.Submit", "Action.Execute", "Action.ShowCard"})
_MOST_WIDTH: Final = 560


class Buttons:
    """Renders the buttons of one card. `link` as of the page."""

    def __init__(self, link: str, language: Language) -> None:
        self._link = safe_link(link)
        self._title = TEXTS[language].answer
        self.is_answer_drawn = False
        """Whether a button of the card leads to the page on which it is answered."""

    def of(self, actions: Json) -> str:
        """Returns the buttons of actions, in a line; empty for none that mail can show."""
        listed = actions if isinstance(actions, list) else []
        drawn = [self._action(each) for each in listed if isinstance(each, dict)]
        return f'<div style="margin:8px 0">{"".join(drawn)}</div>' if any(drawn) else ""

    def answer(self) -> str:
        """Returns the button of a card that has none of its own; empty without a page."""
        return _button(self._link, self._title, "") if self._link else ""

    def _action(self, action: Mapping[str, Json]) -> str:
        kind, title = _word(action.get("type")), _text(action.get("title"))
        if kind in _ANSWERS and self._link:
            self.is_answer_drawn = True
            return _button(self._link, title or self._title, _text(action.get("style")))
        url = safe_link(action.get("url")) if kind == "Action.OpenUrl" else ""
        return _button(url, title or url, "") if url else ""


class Page:
    """Renders one card. `link` is the page on which it is answered; empty for a card that takes no answer.

    `pictures` gathers the images that the mail carries.
    """

    def __init__(self, link: str, language: Language, pictures: Pictures) -> None:
        self._pictures = pictures
        self.buttons = Buttons(link, language)
        self._language: Language = language
        self._drawers: Mapping[str, Callable[[Mapping[str, Json], int], str]] = {
            "TextBlock": self._text_block,
            "RichTextBlock": self._rich_text,
            "FactSet": self._facts,
            "Container": self._container,
            "ColumnSet": self._columns,
            "Image": lambda element, _: self._image(element),
            "ImageSet": self._images,
            "Table": self._table,
            "ActionSet": lambda element, _: self.buttons.of(element.get("actions")),
        }

    def body(self, card: Json) -> str:
        """Returns the elements of a card and its buttons."""
        if not isinstance(card, dict):
            return ""
        return self._elements(card.get("body"), _LEVELS) + self.buttons.of(card.get("actions"))

    def _elements(self, elements: Json, levels: int) -> str:
        listed = elements if isinstance(elements, list) else []
        return "".join(self._element(each, levels) for each in listed if isinstance(each, dict))

    def _element(self, element: Mapping[str, Json], levels: int) -> str:
        if element.get("isVisible") is False or levels <= 0:
            return ""
        drawer = self._drawers.get(_word(element.get("type")))
        if drawer is not None:
            return drawer(element, levels)
        fallback = element.get("fallback")
        return self._element(fallback, levels - 1) if isinstance(fallback, dict) else ""

    def _text_block(self, element: Mapping[str, Json], _levels: int) -> str:
        text = with_instants(_text(element.get("text")), self._language)
        style = f"margin:0 0 8px;{_text_style(element)}{_alignment(element)}"
        return f'<div style="{style}">{html_of(text)}</div>' if text else ""

    def _rich_text(self, element: Mapping[str, Json], _levels: int) -> str:
        runs = element.get("inlines")
        drawn = "".join(_run(each) for each in runs) if isinstance(runs, list) else ""
        return f'<div style="margin:0 0 8px;{_text_style({})}{_alignment(element)}">{drawn}</div>' if drawn else ""

    def _facts(self, element: Mapping[str, Json], _levels: int) -> str:
        facts = element.get("facts")
        rows = [
            f'<tr><td style="padding:2px 16px 2px 0;vertical-align:top;{_text_style({"weight": "bolder"})}">'
            f"{self._words(each.get('title'))}</td>"
            f'<td style="padding:2px 0;vertical-align:top;{_text_style({})}">{self._words(each.get("value"))}</td></tr>'
            for each in (facts if isinstance(facts, list) else [])
            if isinstance(each, dict)
        ]
        return f'<table role="presentation" style="margin:0 0 8px;border-collapse:collapse">{"".join(rows)}</table>'

    def _words(self, value: Json) -> str:
        return html_of(with_instants(_text(value), self._language))

    def _container(self, element: Mapping[str, Json], levels: int) -> str:
        inner = self._elements(element.get("items"), levels - 1)
        return f'<div style="margin:0 0 8px;{_background(element)}">{inner}</div>' if inner else ""

    def _columns(self, element: Mapping[str, Json], levels: int) -> str:
        columns = element.get("columns")
        cells = [
            f'<td style="padding:0 12px 0 0;vertical-align:top;{_width(each)}{_background(each)}">'
            f"{self._elements(each.get('items'), levels - 1)}</td>"
            for each in (columns if isinstance(columns, list) else [])
            if isinstance(each, dict) and each.get("isVisible") is not False
        ]
        row = f"<tr>{''.join(cells)}</tr>"
        return f'<table role="presentation" width="100%" style="margin:0 0 8px;border-collapse:collapse">{row}</table>'

    def _table(self, element: Mapping[str, Json], levels: int) -> str:
        rows = element.get("rows")
        has_head = element.get("firstRowAsHeader") is not False
        drawn = [
            self._row(each, levels, is_head=has_head and index == 0)
            for index, each in enumerate(rows if isinstance(rows, list) else [])
            if isinstance(each, dict)
        ]
        return f'<table width="100%" style="margin:0 0 8px;border-collapse:collapse">{"".join(drawn)}</table>'

    def _row(self, row: Mapping[str, Json], levels: int, *, is_head: bool) -> str:
        cells = row.get("cells")
        tag = "th" if is_head else "td"
        style = "padding:4px 8px;border:1px solid #d1d1d1;text-align:left;vertical-align:top"
        drawn = [
            f'<{tag} style="{style}">{self._elements(each.get("items"), levels - 1)}</{tag}>'
            for each in (cells if isinstance(cells, list) else [])
            if isinstance(each, dict)
        ]
        return f"<tr>{''.join(drawn)}</tr>"

    def _images(self, element: Mapping[str, Json], _levels: int) -> str:
        images = element.get("images")
        size = {"size": element.get("imageSize", "medium")}
        listed = images if isinstance(images, list) else []
        return "".join(self._image({**size, **each}) for each in listed if isinstance(each, dict))

    def _image(self, element: Mapping[str, Json]) -> str:
        name, url = escape(_text(element.get("altText"))), element.get("url")
        source = self._pictures.source_of(url) or safe_link(url, schemes=("https",))
        if not source:
            return f'<div style="margin:0 0 8px;{_text_style({"isSubtle": True})}">{name}</div>' if name else ""
        width = _pixels(element.get("width")) or _IMAGES.get(_word(element.get("size")).lower(), 0)
        size = f' width="{width}"' if width else ""
        style = "max-width:100%;height:auto;border:0"
        return (
            f'<div style="margin:0 0 8px;{_alignment(element)}">'
            f'<img src="{escape(source)}" alt="{name}"{size} style="{style}"></div>'
        )


def document(title: str, parts: tuple[str, ...], language: Language) -> str:
    """Returns a whole document of HTML with these parts, which are HTML already."""
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title></head>"
        f'<body style="margin:0;padding:16px;background:#ffffff;{_FONT}">'
        '<table role="presentation" width="100%" style="max-width:600px;border-collapse:collapse"><tr><td>'
        f"{''.join(parts)}</td></tr></table></body></html>"
    )


def paragraph(text: str, *, is_strong: bool = False) -> str:
    """Returns a text of ours, or a value, as a paragraph; it is escaped."""
    style = _text_style({"weight": "bolder"} if is_strong else {"isSubtle": True})
    return f'<div style="margin:0 0 12px;{style}">{escape(text)}</div>'


def link_button(url: str, title: str) -> str:
    """Returns a button that opens an address of ours."""
    return f'<div style="margin:8px 0">{_button(safe_link(url), title, "")}</div>'


def _run(run: Json) -> str:
    if isinstance(run, str):
        return escape(run)
    if not isinstance(run, dict):
        return ""
    style = _text_style(run)
    style += "font-style:italic;" if run.get("italic") is True else ""
    style += "text-decoration:line-through;" if run.get("strikethrough") is True else ""
    return f'<span style="{style}">{escape(_text(run.get("text")))}</span>'


def _button(url: str, title: str, style: str) -> str:
    color = _BUTTONS.get(style.lower(), "#0f6cbd")
    look = (
        f"display:inline-block;margin:0 8px 8px 0;padding:8px 16px;border-radius:4px;background:{color};color:#ffffff;"
        f"font-size:14px;text-decoration:none;{_FONT}"
    )
    return f'<a href="{escape(url)}" style="{look}">{escape(title)}</a>'


def _text_style(element: Mapping[str, Json]) -> str:
    is_title = element.get("style") == "heading"
    size = _SIZES.get(_word(element.get("size")).lower(), _SIZES["medium" if is_title else "default"])
    weight = _WEIGHTS.get(_word(element.get("weight")).lower(), "600" if is_title else "400")
    color = _COLORS.get(_word(element.get("color")).lower(), "#242424")
    if element.get("isSubtle") is True:
        color = "#616161"
    return f"font-size:{size};line-height:1.4;font-weight:{weight};color:{color};{_FONT};"


def _alignment(element: Mapping[str, Json]) -> str:
    where = _word(element.get("horizontalAlignment")).lower()
    return f"text-align:{where};" if where in _ALIGN else ""


def _background(element: Mapping[str, Json]) -> str:
    color = _BACKGROUNDS.get(_word(element.get("style")).lower())
    return f"padding:8px;background:{color};" if color else ""


def _width(column: Mapping[str, Json]) -> str:
    if width := _pixels(column.get("width")):
        return f"width:{width}px;"
    return "width:1%;white-space:nowrap;" if column.get("width") == "auto" else ""


def _pixels(value: Json) -> int:
    """Returns a width such as `50px` as a number, at most that of a mail; 0 for any other value."""
    digits = _word(value).removesuffix("px")
    is_width = _word(value).endswith("px") and digits.isascii() and digits.isdigit() and len(digits) < 5
    return min(int(digits), _MOST_WIDTH) if is_width else 0


def _word(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _text(value: Json) -> str:
    """Returns a value that a text is made of; a number or a truth value as JSON writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) else ""
