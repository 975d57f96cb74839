"""What can be set: one file a group of `conf/`."""
