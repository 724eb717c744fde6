"""What a project's own folder remembers: copies of what the database says, never more than that."""
