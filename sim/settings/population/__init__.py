"""What can be set of the people on a market: segments, habits, a list of dated events."""
