"""Plans that a seed makes up, kills that the same seed places, and a model of its own of what must come out."""
