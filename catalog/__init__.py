"""The PostGIS catalogue: what is known of each commune, how, and since when."""
