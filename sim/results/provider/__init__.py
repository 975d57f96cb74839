"""What those who serve take in, burn and keep."""
