"""What measurements share: the load generator, servers and their cores, filled stores, workflows and bodies."""
