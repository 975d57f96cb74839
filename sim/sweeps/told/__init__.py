"""What a prompt and a notebook show of a sweep, of a comparison, of a tornado."""
