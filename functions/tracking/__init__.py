"""The live page of a parcel: where it is and, while a van brings it, how many customers are in front."""
