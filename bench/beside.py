"""Peers beside Looply: the first scenario, the same load generator and cores, one after the other in the same run."""

import tempfile
from pathlib import Path
from typing import Final

from bench.peers import dbos, n8n, restate
from bench.peers.peer import PEERS, Peer
from bench.speed import CLIENTS, Figures, Plan, drive

PROGRAMS: Final[tuple[Peer, ...]] = (restate.PEER, restate.PLAIN, dbos.PEER, n8n.PEER)
_WARM_UP_SECONDS: Final = 2.0


def measure_peers(plan: Plan, ours_per_second: float) -> Figures:
    """Returns what each installed peer does, and how many times as much we did in the same run."""
    found: Figures = {}
    for peer in PROGRAMS:
        if peer.missing:
            found[peer.name] = {"skipped": f"not installed in {PEERS}"}
            continue
        try:
            figures = _measured(peer, plan)
        except (OSError, RuntimeError, TimeoutError) as error:
            found[peer.name] = {"skipped": f"it did not run: {str(error)[:200]}"}
            continue
        ratio = round(ours_per_second / figures["per_second"], 1) if figures["per_second"] and ours_per_second else None
        found[peer.name] = {"version": peer.version(), **figures, "ours_over_it": ratio}
    return found


def _measured(peer: Peer, plan: Plan) -> Figures:
    """Returns the peer's figures. An answer comes when its execution has ended, so the times are to the end."""
    with tempfile.TemporaryDirectory(dir=plan.work) as name, peer.serve(Path(name)) as server:
        drive(server, peer.requests(), CLIENTS, _WARM_UP_SECONDS)
        driven = drive(server, peer.requests(), CLIENTS, plan.seconds)
        single = drive(server, peer.requests(), 1, min(plan.seconds, 5.0))
        figures = {**driven.figures(), "single_p50_ms": round(single.span.ms(50), 2)}
        return {**figures, "rss_mib": round(server.rss_mib, 1)}
