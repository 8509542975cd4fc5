"""The graph of a definition: the compiled model, regions, run order, data visible to each step, unreachable steps.

Imports `values`, `schemas` and `settings`.
Never here: the settings of one step type.
"""
