"""Who covers a call, so that nobody pays for it by the list: seats of subscriptions, reserved units."""
