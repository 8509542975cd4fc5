"""Code of authors: a pool of worker processes that run it within limits, and the connector that calls them."""
