"""Templates: texts and JSON values that contain expressions, such as the settings of steps, and cards.

Imports every lower room.
Never here: the type of a value before it is there; that is `shapes`.
"""
