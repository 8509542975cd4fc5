"""The scenarios of recorded histories, a file for each subject."""
