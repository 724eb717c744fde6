"""How far work is and how long it will take: derived, never counted, and unknown where unknown."""
