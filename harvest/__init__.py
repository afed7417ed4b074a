"""From the world to the catalogue: fetch, read, plan, apply, report."""
