"""Promises: how many were kept, by whom, and what that does to the score."""
