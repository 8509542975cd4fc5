"""Pages about workflows: step types, the schema of a definition, expressions."""
