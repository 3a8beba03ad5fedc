"""Holds the scores of closed days against the stored answers, on a schedule."""
