"""Compression with dictionaries: similar short JSON texts compress to a third of what they would alone.

A dictionary is kept for ever, and every row that was compressed with it has its number; 0 means none. Number 1 is the
starter that ships with the package; it is copied into every new store, so a store can be read without this release.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from threading import Lock
from typing import Final

from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError, train_dictionary

NO_DICTIONARY: Final = 0
STARTER: Final = 1
"""The number of the dictionary that ships with the package."""

_LEVEL = 3
_DICTIONARY_BYTES = 32 * 1024


def starter_dictionary() -> bytes:
    """Returns the dictionary that ships with the package; it never changes once a release has it."""
    return files("looply.engine").joinpath("starter.dict").read_bytes()


def train(samples: Sequence[bytes]) -> bytes:
    """Returns a dictionary trained from samples. Takes about a second. Raises: ValueError when they are too few."""
    try:
        return train_dictionary(_DICTIONARY_BYTES, list(samples), level=_LEVEL).as_bytes()
    except ZstdError as error:
        raise ValueError(f"no dictionary can be trained from {len(samples)} samples: {error}") from error


class _Pair:
    """A compressor and a decompressor for one dictionary, which serve one thread at a time."""

    __slots__ = ("_compressor", "_decompressor", "_lock")

    def __init__(self, data: bytes) -> None:
        dictionary = ZstdCompressionDict(data) if data else None
        if dictionary is not None:
            dictionary.precompute_compress(level=_LEVEL)
        # The checksum is over the text: it finds a bit that changed in what is stored, and one in the dictionary.
        self._compressor = ZstdCompressor(level=_LEVEL, dict_data=dictionary, write_dict_id=False, write_checksum=True)
        self._decompressor = ZstdDecompressor(dict_data=dictionary)
        self._lock = Lock()

    def compress(self, text: bytes) -> bytes:
        """Returns the compressed text."""
        with self._lock:
            return self._compressor.compress(text)

    def decompress(self, data: bytes) -> bytes:
        """Returns the text. Raises: ZstdError."""
        with self._lock:
            return self._decompressor.decompress(data)


class Dictionaries:
    """All dictionaries of a store, by number; the newest one compresses."""

    def __init__(self, known: Mapping[int, bytes]) -> None:
        self._pairs = {NO_DICTIONARY: _Pair(b"")}
        self._data: dict[int, bytes] = {}
        self.newest = NO_DICTIONARY
        self.add(known)

    def add(self, known: Mapping[int, bytes]) -> None:
        """Adds dictionaries; one with a known number replaces the former one."""
        for number, data in known.items():
            if self._data.get(number) != data:
                self._data[number] = data
                self._pairs[number] = _Pair(data)
        self.newest = max(self._pairs)

    def compress(self, text: bytes) -> bytes:
        """Returns the text compressed with the newest dictionary."""
        return self._pairs[self.newest].compress(text)

    def compress_plain(self, text: bytes) -> bytes:
        """Returns the text compressed without a dictionary, which large texts do not benefit from."""
        return self._pairs[NO_DICTIONARY].compress(text)

    def decompress(self, number: int, data: bytes) -> bytes:
        """Returns the text. Raises: ValueError when the number is not known or the bytes are damaged."""
        pair = self._pairs.get(number)
        if pair is None:
            raise ValueError(f"dictionary {number} is not known")
        try:
            return pair.decompress(data)
        except ZstdError as error:
            raise ValueError(str(error)) from error
