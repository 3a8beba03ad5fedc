"""Counts answers, and wishes for the messages that follow from them."""
