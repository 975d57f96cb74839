"""What a run with a length comes to in a day and a month, and a month against its budget."""
