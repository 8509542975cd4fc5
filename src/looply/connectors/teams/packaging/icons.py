"""The icons of the app package, drawn here: a loop, on the color of Looply and as an outline. PNG without a library.

Source: Microsoft's page on app icons: `color` 192x192 with a full background, `outline` 32x32 white on transparent; PNG
(W3C, third edition) with filter 0.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from typing import Final, TypeAlias

COLOR_SIZE: Final = 192
OUTLINE_SIZE: Final = 32
ACCENT: Final = (0x5B, 0x5F, 0xC7)
"""The brand color of the web app."""
Pixel: TypeAlias = tuple[int, int, int, int]
"""Red, green, blue and opacity."""
_WHITE: Final = (255, 255, 255)
_POINTS: Final = 400


def color_icon() -> bytes:
    """Returns the icon with a background, which Teams rounds itself."""
    covered = _coverage(COLOR_SIZE, 0.62, COLOR_SIZE * 0.045)
    return _png(COLOR_SIZE, [(*_mixed(each), 255) for each in covered])


def outline_icon() -> bytes:
    """Returns the icon in white on nothing."""
    covered = _coverage(OUTLINE_SIZE, 0.82, OUTLINE_SIZE * 0.055)
    return _png(OUTLINE_SIZE, [(*_WHITE, round(255 * each)) for each in covered])


def _loop(size: int, share: float) -> list[tuple[float, float]]:
    """Returns points of a lemniscate of Gerono, a lying eight, as wide as this share of the icon."""
    middle, width = size / 2, size * share / 2
    angles = (2 * math.pi * index / _POINTS for index in range(_POINTS))
    return [
        (middle + width * math.sin(each), middle + width * 0.9 * math.sin(each) * math.cos(each)) for each in angles
    ]


def _coverage(size: int, share: float, half: float) -> list[float]:
    """Returns how much of each pixel a line of this half width along the loop covers, with a soft edge of one pixel."""
    covered = [0.0] * (size * size)
    reach = math.ceil(half + 0.5)
    for px, py in _loop(size, share):
        for y in range(max(int(py) - reach, 0), min(int(py) + reach + 1, size)):
            for x in range(max(int(px) - reach, 0), min(int(px) + reach + 1, size)):
                found = half + 0.5 - math.hypot(px - x - 0.5, py - y - 0.5)
                covered[y * size + x] = max(covered[y * size + x], min(found, 1.0))
    return covered


def _mixed(share: float) -> tuple[int, int, int]:
    red, green, blue = (round(back + (front - back) * share) for back, front in zip(ACCENT, _WHITE, strict=True))
    return red, green, blue


def _png(size: int, pixels: Sequence[Pixel]) -> bytes:
    lines = (pixels[start : start + size] for start in range(0, size * size, size))
    rows = b"".join(b"\0" + bytes(value for pixel in line for value in pixel) for line in lines)
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # 8 bits, RGBA
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
