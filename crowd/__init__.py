"""From people to the catalogue."""
