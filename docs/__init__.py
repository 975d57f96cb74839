"""What is written about the simulator, and the scripts that write some of it."""
