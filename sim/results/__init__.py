"""What came out of a scenario: metrics with intervals, tables, files."""
