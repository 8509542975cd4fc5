"""What processes that call other systems share: refused logons, open questions, secrets, what channels know of people.

Imports `storage`.
Never here: connections and their secrets; `authored` has them.
"""
