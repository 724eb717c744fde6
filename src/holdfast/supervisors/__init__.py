"""Supervisors: durable functions that coordinate executions and ask questions."""
