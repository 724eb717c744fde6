"""Holdfast: the database-first memory and control room for AI agents that work for hours."""
