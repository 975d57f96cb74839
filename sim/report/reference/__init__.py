"""What there is, in words: every setting, choice and study, for `sim list`, `sim explain` and the docs. Read from the code and `conf/`."""
