"""What a log would have cost otherwise: settings that replay it, recorded sessions changed, what is won a month."""
