"""Counts how far people came: invited, delivered, shown, started, dismissed, answered."""
