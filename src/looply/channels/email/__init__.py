"""Mail: cards as mails in threads, and the letters that this server writes itself."""
