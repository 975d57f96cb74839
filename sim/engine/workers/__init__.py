"""Where shards are run beside this process: in worker processes of this machine, or by Ray."""
