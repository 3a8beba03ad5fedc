"""The API of secret keys: metrics, responses, deliveries, messages, surveys."""
