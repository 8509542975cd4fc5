"""One simulated run: choices, time, processes, the disk, other systems, and the trace."""
