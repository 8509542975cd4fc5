"""HTTP: the wire names of the public API, authentication and permissions of calls, and the process that serves them."""
