"""The public door: takes answers from pages and links."""
