"""Settings of each step type, from JSON to compiled values, with findings for errors.

Imports `values` and `schemas`.
Never here: checks that depend on other steps; `graph` has them.
"""
