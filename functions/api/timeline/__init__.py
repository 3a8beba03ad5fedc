"""What a person was asked and told, what they answered, and why not."""
