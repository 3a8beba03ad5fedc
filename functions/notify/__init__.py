"""Sends e-mail and SMS: claims a message, fences it, tries it once, and leaves a state and a reason."""
