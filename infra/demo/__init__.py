"""`make demo`: a year of answers and the histories of five parcels, replayed into a running Hearback over its API."""
