"""How long a test waits for something that must happen: only one that fails ever waits so long."""

PATIENCE_SECONDS = 60.0
