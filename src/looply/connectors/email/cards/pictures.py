"""The images that a mail carries of its card: those that the card has in a `data:` address, or as a blob.

A mail program shows them without asking another host. An image is what begins as PNG, JPEG and GIF do, whatever its
address says: no other kind is drawn by all mail programs, and SVG can hold programs. The bounds keep a mail below what
Microsoft Graph takes. What they exclude is named, as an image by another way than https is.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

from looply.connectors.blobs import KEY, is_reference
from looply.connectors.email.message import InlineImage
from looply.jsontext import Json

MOST: Final = 20
"""The most images of a mail; one that is shown twice counts once."""
MOST_BYTES: Final = 1_000_000
"""The most bytes of an image."""
MOST_BYTES_TOGETHER: Final = 1_500_000
_BEGINNINGS: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF87a": "gif", b"GIF89a": "gif"}
_LONGEST_DATA: Final = (MOST_BYTES + 2) // 3 * 4
_DATA: Final = re.compile(r"data:image/[a-z0-9.+-]{1,60};base64,", re.IGNORECASE | re.ASCII)


class Pictures:
    """Gathers the images of one card while it is drawn: once, or twice where it has blobs, which are opened in between.

    `opened` are the bytes of blobs by their hash, None for a blob that is not to be had. `most_bytes` is what all
    images may have together.
    """

    def __init__(self, opened: Mapping[str, bytes | None], most_bytes: int = MOST_BYTES_TOGETHER) -> None:
        self._opened = opened
        self._most_bytes = self._left = most_bytes
        self._read: dict[str, InlineImage | None] = {}
        self._images: dict[str, InlineImage] = {}
        self._unopened: dict[str, dict[str, Json]] = {}

    @property
    def images(self) -> tuple[InlineImage, ...]:
        """The images that the mail carries."""
        return tuple(self._images.values())

    @property
    def unopened(self) -> tuple[dict[str, Json], ...]:
        """The references of blobs that are needed, each once, at most `MOST`."""
        return tuple(self._unopened.values())

    def with_opened(self, opened: Mapping[str, bytes | None]) -> "Pictures":
        """Returns what gathers the images of the same card, once its blobs are opened; nothing is decoded again."""
        after = Pictures(opened, self._most_bytes)
        after._read = self._read
        return after

    def source_of(self, url: Json) -> str:
        """Returns the address of an image within the mail; empty for one that the mail does not carry."""
        found = _image(self._blob(url)) if is_reference(url) else self._data(url)
        if found is None:
            return ""
        if found.cid not in self._images:
            if len(self._images) == MOST or len(found.content) > self._left:
                return ""
            self._left -= len(found.content)
            self._images[found.cid] = found
        return f"cid:{found.cid}"

    def _blob(self, reference: dict[str, Json]) -> bytes:
        """Returns the bytes of a blob, empty for one that is not opened. One that says that it is larger is none."""
        key, size = str(reference[KEY]), reference.get("size")
        if isinstance(size, int) and size > MOST_BYTES:
            return b""
        if key not in self._opened and len(self._unopened) < MOST:
            self._unopened[key] = reference
        return self._opened.get(key) or b""

    def _data(self, url: Json) -> InlineImage | None:
        """Returns the image of a `data:` address, which is decoded once; None for any other value."""
        if not isinstance(url, str) or _DATA.match(url) is None:
            return None
        if url not in self._read:
            self._read[url] = _image(_data(url))
        return self._read[url]


def size_of_data(card: Json) -> int:
    """Returns how many characters the `data:` addresses in a card have together."""
    size, parts = 0, [card]
    while parts:
        part = parts.pop()
        if isinstance(part, str):
            size += len(part) if part[:5].lower() == "data:" else 0
        elif isinstance(part, dict):
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return size


def _image(content: bytes) -> InlineImage | None:
    """Returns the image that bytes are; None for those of another kind, and for too many."""
    kind = next((kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin)), "")
    if not kind or len(content) > MOST_BYTES:
        return None
    return InlineImage(cid=f"{blake2b(content, digest_size=16).hexdigest()}@looply", content=content, kind=kind)


def _data(url: str) -> bytes:
    """Returns the bytes of a `data:` address, empty for any other one, and for one that is too long."""
    matched = _DATA.match(url)
    if matched is None or len(url) - matched.end() > _LONGEST_DATA:
        return b""
    try:
        return b64decode(url[matched.end() :], validate=True)
    except (Error, ValueError):
        return b""
