"""What happens at a date: one list of events for all kinds, the group `events` of a scenario."""
