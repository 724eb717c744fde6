"""Long-lived duties, one per file, each with `start()` and `stop()`."""
