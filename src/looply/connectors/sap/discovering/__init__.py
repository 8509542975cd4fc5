"""Discovery of OData services: which services a system has, and what each of them offers.

Imports `types` and `calls`.
Never here: a call of a step.
"""
