"""The scores page: a survey's score, how sure it is, and whether it moved; for people, behind a signed session."""
