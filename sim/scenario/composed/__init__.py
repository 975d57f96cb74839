"""Words that are typed, and what Hydra makes of them, once for the same choices."""
