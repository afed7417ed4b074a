"""The earth: pure functions on codes, places, tiles, clocks and rasters. No database."""
