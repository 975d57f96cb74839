"""What a run will come to, told before it is run: by theory where it knows, else by a quick simulation."""
