"""Filled in by its modules; see ARCHITECTURE.md."""
