"""Texts and JSON values that hold expressions: the settings of steps, and cards."""
