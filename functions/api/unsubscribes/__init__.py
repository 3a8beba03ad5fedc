"""Unsubscribes and bounces: who is not written to."""
