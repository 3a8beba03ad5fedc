from tests.local.stack import contract, stack

__all__ = ["contract", "stack"]
