"""Texts of a card as HTML: everything is escaped, and of Markdown there are bold, italic, links and lists.

Safe by construction: a text is cut into pieces, each piece is escaped, and the only tags are those written here. A link
shows its address, because values of strangers are among the texts, and a mail has no page around it that vouches for
it. Each pattern reads a piece of text at most a constant number of times.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final

from looply.connectors.email.cards.texts import TEXTS, date_text
from looply.connectors.email.settings import Language
from looply.connectors.outbound.urls import parse_url
from looply.errors import BadInput

_INLINE: Final = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+\-.!~<>])"
    r"|\[(?P<label>[^\[\]\n]{1,500})\]\((?P<url>[^()\[\]\s]{1,1000})\)"
    r"|\*\*(?P<strong>[^*\s](?:[^*\n]{0,1000}[^*\s])?)\*\*"
    r"|(?<![\w*])\*(?P<star>[^*\s](?:[^*\n]{0,1000}[^*\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<line>[^_\s](?:[^_\n]{0,1000}[^_\s])?)_(?![\w_])"
)
_BULLET: Final = re.compile(r" {0,3}[-*+] +(.*)")
_NUMBERED: Final = re.compile(r" {0,3}(\d{1,9})[.)] +(.*)")
_INSTANT: Final = re.compile(r"\{\{(DATE|TIME)\(([0-9TZ:+.\-]{10,40})(?:, ?(?:SHORT|LONG|COMPACT))?\)\}\}")
_LIST_STYLE: Final = "margin:0 0 8px;padding-left:24px"


def plain(text: str) -> str:
    """Returns a text without the marks of Markdown, for mail programs that show no HTML."""
    return _INLINE.sub(_plain_piece, text)


def with_instants(text: str, language: Language) -> str:
    """Returns a text with `{{DATE(...)}}` and `{{TIME(...)}}` as the language writes them, in UTC."""
    texts = TEXTS[language]

    def write(match: re.Match[str]) -> str:
        try:
            at = datetime.fromisoformat(match[2])
        except ValueError:
            return match[0]
        at = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        return date_text(at, texts) if match[1] == "DATE" else f"{at:%H:%M} UTC"

    return _INSTANT.sub(write, text)


def html_of(text: str) -> str:
    """Returns a text in Markdown as safe HTML: lines, and lists of their own."""
    return "".join(_blocks(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")))


def safe_link(url: object, *, schemes: tuple[str, ...] = ("https", "http", "mailto")) -> str:
    """Returns an address that a mail may have, in ASCII form; empty for any other value."""
    if not isinstance(url, str):
        return ""
    if "mailto" in schemes and re.fullmatch(r"mailto:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{3,254}", url):
        return url
    try:
        parsed = parse_url(url)
    except BadInput:
        return ""
    return str(parsed) if parsed.scheme in schemes else ""


def _blocks(lines: list[str]) -> Iterator[str]:
    tag = ""
    items: list[str] = []
    for line in lines:
        bullet, numbered = _BULLET.fullmatch(line), _NUMBERED.fullmatch(line)
        kind = "ul" if bullet else "ol" if numbered else ""
        if kind != tag:
            yield _block(tag, items)
            tag, items = kind, []
        items.append(_inline(bullet[1] if bullet else numbered[2] if numbered else line))
    yield _block(tag, items)


def _block(tag: str, items: list[str]) -> str:
    if not items:
        return ""
    if not tag:
        return "<br>".join(items)
    return f'<{tag} style="{_LIST_STYLE}">{"".join(f"<li>{each}</li>" for each in items)}</{tag}>'


def _inline(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        pieces += (escape(text[end : match.start()]), _piece(match))
        end = match.end()
    return "".join((*pieces, escape(text[end:])))


def _piece(match: re.Match[str]) -> str:
    if match["escaped"]:
        return escape(match["escaped"])
    if match["label"]:
        return _link(match[0], match["label"], match["url"])
    if match["strong"]:
        return f"<strong>{escape(match['strong'])}</strong>"
    return f"<em>{escape(match['star'] or match['line'])}</em>"


def _link(whole: str, label: str, url: str) -> str:
    if not (target := safe_link(url)):
        return escape(whole)
    link = f'<a href="{escape(target)}">{escape(target.removeprefix("mailto:"))}</a>'
    return link if label in (target, url) else f"{escape(label)} ({link})"


def _plain_piece(match: re.Match[str]) -> str:
    if match["label"]:
        target = safe_link(match["url"])
        return f"{match['label']} ({target})" if target else match[0]
    return match["escaped"] or match["strong"] or match["star"] or match["line"] or ""
