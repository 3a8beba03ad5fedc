"""The staff page of messages: what customers are told of deliveries, how it looks and in which words."""
