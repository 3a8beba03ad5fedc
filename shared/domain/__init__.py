"""What is true without AWS, clock or network: pure models and rules."""
