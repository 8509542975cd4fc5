"""The graph of a definition: the compiled model, regions, order, what each step can see, and what leads nowhere.

Imports `values`, `schemas` and `settings`.
Never here: the settings of one step type.
"""
