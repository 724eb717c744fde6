"""Changes to somebody's database: writing, reviewing and applying them, and asking the live database whether they hold."""
