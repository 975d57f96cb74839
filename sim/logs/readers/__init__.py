"""One format a file, by who writes it: harnesses, gateways and observers, or whoever records traces for others."""
