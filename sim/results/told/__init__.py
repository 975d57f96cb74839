"""What a prompt and a notebook show of a result: its headline numbers, and where the others are."""
