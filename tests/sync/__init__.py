"""One truth: what the project remembers, what it could not send yet, and what the database says."""
