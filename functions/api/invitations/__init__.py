"""Invitations: one person, one survey, one way."""
