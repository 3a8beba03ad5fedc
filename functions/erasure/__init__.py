"""Erases a person: everything that is stored of them, in two sweeps, and leaves a receipt."""
