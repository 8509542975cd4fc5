"""The faults and habits of one run. Each run omits a random half of them, so that rare ones coincide more often."""

from dataclasses import dataclass

from looply.limits import Limits
from simulation.running.choice import Choice, choose

CRASH_POINTS = (
    "before_commit",
    "after_commit_before_ack",
    "after_ack",
    "after_effect_before_result_commit",
    "during_recovery",
)
"""Points at which a process can be killed, beside any moment (`killed_at_rest`)."""

STORE_FAULTS = ("store_full", "store_lost", "ambiguous_commit", "commit_without_answer")
WORLD_FAULTS = (
    "call_refused",
    "call_broken",
    "call_hangs",
    "call_slow",
    "status_503",
    "status_404",
    "connector_defect",
)
PROCESS_FAULTS = ("killed_at_rest", "zombie", "standstill", "graceful_restart", "full_disk")
CLOCK_FAULTS = ("clock_1s", "clock_1h", "clock_26h")
FAULTS = (*CRASH_POINTS, *STORE_FAULTS, *WORLD_FAULTS, *PROCESS_FAULTS, *CLOCK_FAULTS)
"""Everything that has a hit counter of its own."""

HABITS = (
    "process_ids",
    "keys",
    "early_resumes",
    "wrong_tokens",
    "double_clicks",
    "terminates",
    "toggles",
    "slow_reads",
    "reordered",
    "narrow_queues",
    "short_stretches",
    "tiny_cache",
)
"""How clients behave and how the process is set up."""

_PERMILLE = {
    "before_commit": 25,
    "after_commit_before_ack": 25,
    "after_ack": 20,
    "after_effect_before_result_commit": 60,
    "during_recovery": 60,
    "store_full": 30,
    "store_lost": 12,
    "ambiguous_commit": 15,
    "commit_without_answer": 12,
    "call_refused": 60,
    "call_broken": 60,
    "call_hangs": 50,
    "call_slow": 120,
    "status_503": 120,
    "status_404": 60,
    "connector_defect": 30,
}


@dataclass(frozen=True)
class Options:
    """The configuration of one run. `enabled` are its faults and habits."""

    enabled: frozenset[str]
    organizations: int
    workflows: tuple[int, ...]
    actions: int
    most_crashes: int
    gaps_ms: tuple[int, ...]
    limits: Limits
    per_queue: int
    cache_bytes: int

    def permille(self, fault: str) -> int:
        """Returns the probability of a fault, in permille."""
        return _PERMILLE[fault] if fault in self.enabled else 0


def draw_options(choice: Choice, pool_size: int) -> Options:
    """Returns the configuration that the choices make."""
    enabled = frozenset(name for name in (*FAULTS, *HABITS) if choice.pick(name, 2))
    count = 1 + choice.pick("workflows", 3)
    return Options(
        enabled=enabled,
        organizations=1 + choice.pick("organizations", 2),
        workflows=tuple(choice.pick("workflow", pool_size) for _ in range(count)),
        actions=choose(choice, "actions", (8, 14, 20, 30)),
        most_crashes=choose(choice, "crashes", (1, 3, 6)),
        gaps_ms=choose(choice, "pace", ((0, 1, 20, 300), (0, 300, 4000, 20_000), (1, 20, 2000, 60_000))),
        limits=Limits(
            stretch_steps=choose(choice, "stretch", (1, 2)) if "short_stretches" in enabled else 100, step_visits=60
        ),
        per_queue=1 if "narrow_queues" in enabled else 16,
        cache_bytes=0 if "tiny_cache" in enabled else 32 * 1024 * 1024,
    )
