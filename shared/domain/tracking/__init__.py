"""What tracking providers tell of parcels, in our words: one module for each provider, and what they have in common."""
