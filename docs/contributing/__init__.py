"""For those who change the simulator."""
