"""Tables and spans of what stands between agents and models, or watches them."""
