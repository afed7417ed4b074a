"""What a commune's own site offers, found by an automatic visit: dated, proven, at most level 2.

`visit` goes to the pages politely, `pages` reads one, `recognise` says which services it shows
(pure: words in context, editors, structured data), `observe` brings that in as observations of
nature PROBE. A probe sees that a door is there; it never knows what happens behind it.
"""
