"""Load on servers that are killed, the evidence of a run, and the invariants over it."""
