"""Hears who does not want to be asked or thanked any more. GET never writes."""
