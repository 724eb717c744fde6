"""The ordered feed of events: read from the database, resumable for ever, missing nothing."""
