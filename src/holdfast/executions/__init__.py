"""Executions: the handle of one that runs here, and what is read of any."""
