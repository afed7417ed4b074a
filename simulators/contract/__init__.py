"""What the simulators have in common: declared inputs, strict reading, faults, results.

It knows no tax and no engine. A simulator is declared once (`simulator.Simulator`): its JSON
Schema, its validation, its forms and its documentation all come from that declaration.
"""
