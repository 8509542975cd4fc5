"""Shapes: the static types of values."""
