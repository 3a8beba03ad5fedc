"""Takes what shops, carriers and fleets report of a parcel: checks it, then puts it on the queue."""
