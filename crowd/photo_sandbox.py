"""Run as a process of its own, by crowd.photos: an untrusted picture in, a plain JPEG out.

Limits are set before the first byte is read: memory, processor time, no file, no child. What a
malicious picture could do here, it does to a process that holds nothing and ends at once.
"""

import io
import resource
import struct
import sys

MEMORY_BYTES = 700_000_000  # of address space: a decoded 40-megapixel picture and its copy
PROCESSOR_SECONDS = 10
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1600
MOST_BYTES = 600_000
FORMATS = ("JPEG", "PNG", "WEBP")  # HEIC and SVG need decoders that we do not want to trust
REFUSED, NOT_A_PICTURE = 3, 4


def confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    from PIL import Image, ImageOps, UnidentifiedImageError

    Image.init()  # every decoder is loaded before files are out of reach
    confine()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # Pillow refuses at twice this
    data = sys.stdin.buffer.read()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                return REFUSED
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            flat = Image.new("RGB", picture.size, "white")
            mask = picture.convert("RGBA").getchannel("A") if _transparent(picture) else None
            flat.paste(picture.convert("RGB"), mask=mask)
    except (UnidentifiedImageError, Image.DecompressionBombError):
        return NOT_A_PICTURE
    except (OSError, ValueError, SyntaxError, MemoryError, EOFError, struct.error, KeyError):
        return REFUSED  # truncated, malformed, or made to be hard to read
    for quality in (82, 70, 55, 40):
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality, optimize=True)  # a new picture: no metadata
        if out.tell() <= MOST_BYTES:
            break
    sys.stdout.buffer.write(struct.pack(">II", *flat.size) + out.getvalue())
    return 0


def _transparent(picture: object) -> bool:
    return getattr(picture, "mode", "") in ("RGBA", "LA", "PA") or "transparency" in getattr(
        picture, "info", {}
    )


if __name__ == "__main__":
    sys.exit(main())
