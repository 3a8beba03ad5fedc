"""Simulation: the real handlers against an in-memory AWS with a virtual clock, seeded faults and redelivery."""
