"""Cards as mails: their HTML, their text, their threads. All but `delivery` are functions without I/O."""
