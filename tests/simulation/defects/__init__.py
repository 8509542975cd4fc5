"""Engines with one defect each, and directed scenarios of rare races."""
