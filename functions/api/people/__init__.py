"""People: who is known, and who is to be asked."""
