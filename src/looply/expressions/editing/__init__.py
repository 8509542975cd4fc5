"""Support for editors of expressions: completion, and locations in the source."""
