"""The pension of a private-sector employee at liquidation: arithmetic of our own, in NumPy.

`tables` reads the dated figures of parameters/*.toml; `careers` and `pensions` are pure functions
over arrays, one row for each career; `declaration` says what is asked, `model` brings the two
together, and `told` puts what was computed in words.
"""
