"""What fleets tell of their vans: the stops in their order, and where the van is."""
