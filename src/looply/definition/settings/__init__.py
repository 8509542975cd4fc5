"""Settings of each step type, from JSON to compiled values, with findings where they are wrong.

Imports `values` and `schemas`.
Never here: what depends on other steps; `graph` checks that.
"""
