"""Who sends which task when."""
