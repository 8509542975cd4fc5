"""Templates: tested definitions of this release with their cards, and workflows that are made from them.

Imports `context`, `authoring` and `studio`.
Never here: what an organization has stored.
"""
