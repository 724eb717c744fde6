"""What peers are measured with. It runs in an environment of its own: nothing of Holdfast is imported here."""
