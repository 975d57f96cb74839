"""What a workload asks its providers for, and what quota that takes."""
