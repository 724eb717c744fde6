"""`holdfast top`: needs you, fleet, detail and answer, on the whole terminal."""
