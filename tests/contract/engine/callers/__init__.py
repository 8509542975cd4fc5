"""Stories of those who call an engine: triggers, resumes, terminates, reads and streams."""
