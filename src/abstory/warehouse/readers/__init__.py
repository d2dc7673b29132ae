"""Readers of files: each turns one format into rows for the judge, and says which lines are no rows at all."""
