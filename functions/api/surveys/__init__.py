"""Surveys: what is asked."""
