"""Random bytes that are read in blocks."""

from looply.clock import BlockEntropy, SystemEntropy


class Source:
    """Bytes of which no two consecutive ones repeat within 128 KiB; it counts its reads."""

    def __init__(self) -> None:
        self.reads = 0
        self._numbers = iter(range(65536))

    def token(self, size: int) -> bytes:
        self.reads += 1
        return b"".join(next(self._numbers).to_bytes(2, "big") for _ in range(size // 2))


def test_no_random_byte_is_returned_twice_and_few_reads_serve_many_tokens() -> None:
    source = Source()
    entropy = BlockEntropy(source)
    tokens = [entropy.token(16) for _ in range(1000)]
    pairs = [token[at : at + 2] for token in tokens for at in range(0, 16, 2)]
    assert len(set(pairs)) == len(pairs) == 8000
    assert source.reads == 4


def test_a_token_longer_than_a_block_is_whole() -> None:
    entropy = BlockEntropy(SystemEntropy())
    assert [len(entropy.token(size)) for size in (16, 10_000, 16)] == [16, 10_000, 16]
