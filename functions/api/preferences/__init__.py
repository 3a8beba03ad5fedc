"""What a person refuses to be sent, as a back office reads and writes it."""
