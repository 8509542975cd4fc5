"""Use cases of the Studio: the data of a step, tries of one step, samples, notes, presence, activation.

Imports `context`, `authoring` and `bulks`.
Never here: wire names, or what is stored of an execution.
"""
