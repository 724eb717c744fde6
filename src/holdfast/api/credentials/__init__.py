"""What callers prove themselves with."""
