"""The functions of the language, one file per family, and the table of them all."""
