"""A scenario's expected values, without a clock."""
