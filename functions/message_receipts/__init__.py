"""Settles messages by their receipts, and suppresses addresses that bounced for good or complained."""
