"""What every function imports: the domain, and the adapters to the outside. Imports no function."""
