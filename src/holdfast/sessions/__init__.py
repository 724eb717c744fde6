"""Sessions of agent programs, what they claim, and the tree of what there is to do."""
