"""What a prompt and a notebook show of a value: a line or two, a small table."""
