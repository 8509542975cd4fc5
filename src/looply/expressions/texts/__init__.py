"""Locales and regular expressions, which the functions on texts and numbers use."""
