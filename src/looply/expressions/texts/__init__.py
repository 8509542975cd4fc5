"""Locales and regular expressions, on which the functions of texts and numbers rest."""
