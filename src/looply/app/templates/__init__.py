"""Templates: tested definitions of this release with their cards, and workflows that are made from them.

Imports `context` and `authoring`.
Never here: what an organization has stored.
"""
