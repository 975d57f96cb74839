"""What logs of others were billed, held against our price lists."""
