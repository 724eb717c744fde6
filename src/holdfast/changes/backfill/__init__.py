"""Comparing what was copied with what it was copied from: counts, anti-joins both ways, checksums by ranges of keys."""
