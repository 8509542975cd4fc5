"""The decision core without store, network or time: a driver of one execution, and workflows for it."""
