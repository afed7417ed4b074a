"""Public simulators; they know nothing of the catalogue."""
