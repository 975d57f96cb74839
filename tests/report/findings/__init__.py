"""What is said of sweeps."""
