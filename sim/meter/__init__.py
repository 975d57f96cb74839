"""What was spent: rows, sums, percentiles, digests, and the laws they keep."""
