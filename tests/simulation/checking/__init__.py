"""The guarantees to users, one checker for each, and the reference model."""
