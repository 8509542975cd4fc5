"""Templates: texts and JSON values that contain expressions, such as the settings of steps, and cards.

Imports `values`, `parsing`, `closures` and `compiling`.
Never here: the type of a value before it is there; that is `shapes`.
"""
