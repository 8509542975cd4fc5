"""What Microsoft sends: verified, read into events, noted in the directory, and answered."""
