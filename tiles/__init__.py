"""From the catalogue to pictures: vector tiles, archives, id rasters, map images."""
