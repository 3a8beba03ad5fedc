"""The texts of messages: their templates, and what stands in them in words."""
