"""Pools, the private cluster, migrations and the loader of questions."""
