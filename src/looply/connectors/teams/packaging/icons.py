"""The icons of the app package, drawn here: a loop, on the color of Looply and as an outline. PNG without a library.

Source: Microsoft's page on app icons: `color` 192x192 with a full background, `outline` 32x32 white on transparent; PNG
(W3C, third edition) with filter 0.
"""

import math
import struct
import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

COLOR_SIZE: Final = 192
OUTLINE_SIZE: Final = 32
ACCENT: Final = (0x5B, 0x5F, 0xC7)
"""The brand color of the web app."""
Pixel: TypeAlias = Callable[[int, int], tuple[int, int, int, int]]
"""Red, green, blue and opacity at a column and a row."""
_WHITE: Final = (255, 255, 255)
_POINTS: Final = 400


def color_icon() -> bytes:
    """Returns the icon with a background, which Teams rounds itself."""
    loop = _loop(COLOR_SIZE, 0.62)
    return _png(COLOR_SIZE, lambda x, y: (*_mixed(_coverage(loop, x, y, COLOR_SIZE * 0.045)), 255))


def outline_icon() -> bytes:
    """Returns the icon in white on nothing."""
    loop = _loop(OUTLINE_SIZE, 0.82)
    return _png(OUTLINE_SIZE, lambda x, y: (*_WHITE, round(255 * _coverage(loop, x, y, OUTLINE_SIZE * 0.055))))


def _loop(size: int, share: float) -> list[tuple[float, float]]:
    """Returns points of a lemniscate of Gerono, a lying eight, as wide as this share of the icon."""
    middle, width = size / 2, size * share / 2
    angles = (2 * math.pi * index / _POINTS for index in range(_POINTS))
    return [
        (middle + width * math.sin(each), middle + width * 0.9 * math.sin(each) * math.cos(each)) for each in angles
    ]


def _coverage(loop: list[tuple[float, float]], x: int, y: int, half: float) -> float:
    """Returns how much of a pixel a line of this half width along the loop covers, with a soft edge of one pixel."""
    distance = math.sqrt(min((px - x - 0.5) ** 2 + (py - y - 0.5) ** 2 for px, py in loop))
    return min(max(half + 0.5 - distance, 0.0), 1.0)


def _mixed(share: float) -> tuple[int, int, int]:
    red, green, blue = (round(back + (front - back) * share) for back, front in zip(ACCENT, _WHITE, strict=True))
    return red, green, blue


def _png(size: int, pixel: Pixel) -> bytes:
    rows = b"".join(b"\0" + bytes(value for x in range(size) for value in pixel(x, y)) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # 8 bits, RGBA
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
