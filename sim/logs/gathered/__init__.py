"""Calls as they come from readers, gathered in one table: each once, with what is odd of them told."""
