"""The staff page: surveys are written, tried and published here, by people and with plain forms."""
