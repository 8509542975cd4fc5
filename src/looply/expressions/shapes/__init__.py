"""What is known of a value that is not there yet."""
