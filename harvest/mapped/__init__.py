"""Sources that need no code: a file of a known form, and a mapping written in their TOML file."""
