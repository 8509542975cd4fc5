"""The records that the memory store keeps beside histories: letters, decisions, card copies, datastores, trials."""
