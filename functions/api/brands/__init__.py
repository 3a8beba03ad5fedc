"""Brands: how the company looks, what it tells of deliveries, when, and in which words."""
