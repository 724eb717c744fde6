"""Plans: read from files, run by a supervisor."""
