"""Follows parcels: one conditional write per report, then what the customer is to be told."""
