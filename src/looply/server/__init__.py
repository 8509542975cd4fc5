"""HTTP: the wire names of the public API, who may call what, and the process that serves it."""
