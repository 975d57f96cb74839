"""A scenario: everything a run needs to know, composed, checked, written down."""
