"""How the suite runs: which tests belong to which tier, what they took, and what is reported at the end."""
