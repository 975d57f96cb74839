"""What a command prints of what it knows: as much as matters and as there is room for, or all, or JSON."""
