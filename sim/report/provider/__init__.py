"""The provider's side for people."""
