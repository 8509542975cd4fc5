"""The parts of an installation, such as PostgreSQL or a worker, and the CPU that each takes for one execution."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.harness.load import Span
from bench.harness.servers import cpu_seconds
from bench.speed import Figures


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its name in the table, and the process above all its processes."""

    name: str
    pid: int


@dataclass(slots=True)
class Meter:
    """The CPU seconds that parts used in a block, by name; parts of one name count together."""

    used: dict[str, float] = field(default_factory=dict)

    def figures(self, span: Span) -> Figures:
        """Returns rate, times and the CPU of each part for each accepted call, in milliseconds."""
        calls = max(1, len(span.took))
        return {
            "per_second": round(span.per_second, 1),
            "p50_ms": round(span.ms(50), 3),
            "p99_ms": round(span.ms(99), 3),
            "calls": len(span.took),
            "generator_core_share": round(span.client_cpu_share, 3),
            **{f"cpu_ms {name}": round(seconds * 1000 / calls, 3) for name, seconds in self.used.items()},
        }


@contextmanager
def measured(parts: Sequence[Part]) -> Iterator[Meter]:
    """Yields a meter that is filled at the end of the block."""
    meter, before = Meter(), _read(parts)
    yield meter
    after = _read(parts)
    meter.used = {name: after[name] - before[name] for name in before}


def cpu_of(figures: Figures) -> dict[str, float]:
    """Returns the CPU of each part by name, in milliseconds."""
    return {name.removeprefix("cpu_ms "): value for name, value in figures.items() if name.startswith("cpu_ms ")}


def _read(parts: Sequence[Part]) -> dict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        found[part.name] += cpu_seconds(part.pid)
    return dict(found)
