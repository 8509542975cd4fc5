"""Cards as Teams shows them, and their texts. Functions without I/O."""
