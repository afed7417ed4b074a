"""What runs inside OpenFisca's own environment, and never in ours.

These modules import nothing of Guichet but `columns`: that environment holds neither rapidfuzz
nor Tornado, and its versions of NumPy and Flask are its own.
"""
