"""What is told of scores: of one survey over its days, and of the touchpoints of the journey."""
