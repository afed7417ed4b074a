"""The front door: the only wiring, handlers, pages and the command line."""
