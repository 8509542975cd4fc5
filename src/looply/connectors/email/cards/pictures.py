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
    """Gathers the images of one card while it is drawn.

    `opened` are the bytes of blobs by their hash, None for a blob that is not to be had. `most_bytes` is what all
    images may have together.
    """

    def __init__(self, opened: Mapping[str, bytes | None], most_bytes: int = MOST_BYTES_TOGETHER) -> None:
        self._opened = opened
        self._left = most_bytes
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

    def source_of(self, url: Json) -> str:
        """Returns the address of an image within the mail; empty for one that the mail does not carry."""
        content = self._blob(url) if is_reference(url) else _data(url)
        kind = next((kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin)), "")
        if not kind or len(content) > MOST_BYTES:
            return ""
        cid = f"{blake2b(content, digest_size=16).hexdigest()}@looply"
        if cid not in self._images:
            if len(self._images) == MOST or len(content) > self._left:
                return ""
            self._left -= len(content)
            self._images[cid] = InlineImage(cid=cid, content=content, kind=kind)
        return f"cid:{cid}"

    def _blob(self, reference: dict[str, Json]) -> bytes:
        """Returns the bytes of a blob, empty for one that is not opened."""
        key = str(reference[KEY])
        if key not in self._opened and len(self._unopened) < MOST:
            self._unopened[key] = reference
        return self._opened.get(key) or b""


def _data(url: Json) -> bytes:
    """Returns the bytes of a `data:` address, empty for any other value, and for one that is too long."""
    matched = _DATA.match(url) if isinstance(url, str) else None
    if not isinstance(url, str) or matched is None or len(url) - matched.end() > _LONGEST_DATA:
        return b""
    try:
        return b64decode(url[matched.end() :], validate=True)
    except (Error, ValueError):
        return b""
