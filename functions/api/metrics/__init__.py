"""Scores: of a survey, and of the whole customer journey."""
