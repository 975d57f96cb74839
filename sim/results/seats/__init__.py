"""What subscriptions are worth, and to whom."""
