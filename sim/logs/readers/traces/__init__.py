"""Recorded sessions made for others to replay, and tables of our own."""
