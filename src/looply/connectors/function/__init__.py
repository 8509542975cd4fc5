"""Code of authors: a pool of worker processes that run it, each with its bounds, and the connector that asks them."""
