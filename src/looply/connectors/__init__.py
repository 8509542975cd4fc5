"""The connection of workflows to other systems: a port, a registry of plugins, and guarded access to the network."""
