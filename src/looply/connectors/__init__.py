"""What workflows can do to other systems: a port, a registry of plugins, and the guarded way out to the network."""
