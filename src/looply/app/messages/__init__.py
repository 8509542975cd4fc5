"""What this server sends by itself: the ports for mails and notes, and work that calls do not wait for."""
