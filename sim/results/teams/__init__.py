"""What a run says of the teams that share its backends."""
