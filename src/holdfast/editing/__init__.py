"""Other programs' files: JSON and TOML, changed in place and replaced in one step."""
