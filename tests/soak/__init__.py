"""Hours in minutes: many executions with logs, many clients, flat memory, nothing lost."""
