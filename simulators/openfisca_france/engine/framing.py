"""Frames over a Unix socket: four bytes of length, then MessagePack of whole numbers and bytes.

A request is [number, program, date, rows, cells]; an answer [number, status, rows, cells],
where cells are float64, row after row. Nothing in a frame is text.
"""

import struct

LENGTH = struct.Struct(">I")
LONGEST = 64 * 1024 * 1024  # bytes; a whole chunk of a batch is under 2 MB

DONE, FAILED, MALFORMED = 0, 1, 2

type Request = tuple[int, int, int, int, bytes]
type Answer = tuple[int, int, int, bytes]
