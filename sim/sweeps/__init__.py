"""Many scenarios: sweeps, comparisons, sensitivity, searches."""
