"""What happens to a call: service, latency, pricing, cache. Nothing in here knows who calls."""
