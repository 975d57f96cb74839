"""What a sweep says, in sentences; each is computed from its table."""
