"""Survey responses: what was answered, shaped as Delighted's."""
