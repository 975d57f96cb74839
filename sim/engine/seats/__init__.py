"""Subscriptions at work."""
