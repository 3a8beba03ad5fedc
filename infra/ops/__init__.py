"""The `ops` command: what the people do who run Hearback."""
