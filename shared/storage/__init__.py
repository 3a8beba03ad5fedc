"""DynamoDB: every key in `keys.py`, and one repository per entity."""
