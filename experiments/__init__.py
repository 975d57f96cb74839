"""Studies: each a question, a command, a finding."""
