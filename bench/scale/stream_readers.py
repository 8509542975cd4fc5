"""Readers of streams, a program of its own: `python -m bench.scale.stream_readers PORT KEY COUNT PATH ...`.

Reader number n reads the path number n, the last path again where there are fewer. It says `open` once all have their
heads, reads until standard input ends, and then says how many events came. A COUNT below 0 means readers that never
read what comes.
"""

import asyncio
import sys
from typing import Final

from bench.harness.load import get, run

_AT_ONCE: Final = 50
_HEAD_END: Final = b"\r\n\r\n"
_DATA: Final = b"\ndata: "


async def _open(port: int, request: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(_HEAD_END)
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise SystemExit(f"a stream was refused: {head!r}")
    return reader, writer


async def _count(reader: asyncio.StreamReader) -> int:
    count, rest = 0, b""
    while part := await reader.read(65536):
        text = rest + part
        count += text.count(_DATA)
        # What may be the beginning of one is looked at again.
        rest = text[-(len(_DATA) - 1) :]
    return count


async def _main(port: int, key: str, count: int, paths: list[str]) -> None:
    is_reading = count > 0
    requests = [get(paths[min(number, len(paths) - 1)], key) for number in range(abs(count))]
    connections = []
    for begin in range(0, len(requests), _AT_ONCE):
        some = requests[begin : begin + _AT_ONCE]
        connections += await asyncio.gather(*(_open(port, request) for request in some))
    print("open", flush=True)
    tasks = [asyncio.ensure_future(_count(reader)) for reader, _ in connections] if is_reading else []
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    # What is on its way has a second to come.
    await asyncio.sleep(1)
    for _, writer in connections:
        writer.close()
    print(sum(await asyncio.gather(*tasks)), flush=True)


if __name__ == "__main__":
    run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:]))
