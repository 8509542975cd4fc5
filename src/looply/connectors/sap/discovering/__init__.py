"""Discovery of OData services: which services a system has, and what each of them offers."""
