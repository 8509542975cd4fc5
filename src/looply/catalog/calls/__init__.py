"""What processes that call other systems share: the count of refused logons, and questions that a worker must ask.

Imports `storage`.
Never here: connections and their secrets; `authored` has them.
"""
