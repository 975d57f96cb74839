"""How a task becomes calls: one file a workflow. Nothing in here knows how a call is served."""
