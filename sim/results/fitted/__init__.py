"""Profiles of agents, fitted to recorded sessions."""
