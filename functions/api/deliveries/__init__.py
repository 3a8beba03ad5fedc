"""Parcels, as they are told to who asks."""
