"""Photos: nothing of the file that came remains, and no file hurts (C11, C12)."""

import asyncio
import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from config.errors import Invalid
from crowd.photos import MOST_BYTES, Darkroom


def jpeg(size: tuple[int, int] = (640, 480), **options: Any) -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", size, "white")
    picture.paste("red", (0, 0, size[0] // 2, size[1] // 4))  # a red mark at the top left
    picture.save(out, "JPEG", **options)
    return out.getvalue()


def tagged() -> bytes:
    """A JPEG with GPS, a maker's note, XMP, IPTC, a thumbnail, a comment; to be turned right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "SECRET-MAKER"
    exif[0x927C] = b"SECRET-NOTE"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (45.0, 46.0, 12.0)
    exif[0x8825] = gps
    data = jpeg(exif=exif, comment=b"SECRET-COMMENT", xmp=b"<x:xmpmeta>SECRET-XMP</x:xmpmeta>")
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0eSECRET-IPTC\x00\x00\x00"
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc + data[2:]


async def test_a_photo_is_made_again_upright_and_bare() -> None:
    data = tagged()
    for mark in (b"SECRET-MAKER", b"SECRET-XMP", b"SECRET-COMMENT", b"SECRET-IPTC"):
        assert mark in data, "the test must hold what it looks for"
    photo = await Darkroom().develop(data)
    assert b"SECRET" not in photo.body
    assert b"Exif" not in photo.body
    with Image.open(io.BytesIO(photo.body)) as made:
        assert made.format == "JPEG"
        assert made.size == (480, 640) == (photo.width, photo.height), "turned"
        assert not made.getexif()
        assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        pixel = made.convert("RGB").getpixel((470, 10))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 200
        assert pixel[1] < 80, "the mark went from the top left to the top right"


async def test_png_and_webp_lose_their_texts_too() -> None:
    for kind in ("PNG", "WEBP"):
        out = io.BytesIO()
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", "SECRET")
        more: dict[str, Any] = {"pnginfo": texts} if kind == "PNG" else {"xmp": b"SECRET"}
        Image.new("RGBA", (50, 40), (0, 0, 0, 0)).save(out, kind, **more)
        assert b"SECRET" in out.getvalue()
        photo = await Darkroom().develop(out.getvalue())
        assert b"SECRET" not in photo.body
        with Image.open(io.BytesIO(photo.body)) as made:
            assert made.convert("RGB").getpixel((5, 5)) == (255, 255, 255), "nothing shows as black"


async def test_large_pictures_are_made_small() -> None:
    photo = await Darkroom().develop(jpeg((4000, 3000)))
    assert (photo.width, photo.height) == (1600, 1200)
    assert len(photo.body) < 600_000


def bomb() -> bytes:
    """A PNG of 20,000 × 20,000 pixels in a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    rows = zlib.compress(b"\x00" * (20001 * 500), 9)
    head = struct.pack(">IIBBBBB", 20000, 20000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<?php echo 1;",
     jpeg()[:300], b"\xff\xd8\xff\xe0" + b"\x00" * 500, bomb(), b"\x00\x00\x00 ftypheic" + b"\x00" * 200,
     b"%PDF-1.4", b"x" * (MOST_BYTES + 1)],
    ids=["empty", "gif", "svg", "php", "truncated", "zeros", "bomb", "heic", "pdf", "large"],
)  # fmt: skip
async def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        await Darkroom().develop(data)


async def test_a_polyglot_comes_out_as_a_picture_only() -> None:
    photo = await Darkroom().develop(jpeg() + b"<html><script>alert(1)</script></html>")
    assert b"<script>" not in photo.body


async def test_a_file_that_loops_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    import crowd.photos as module

    monkeypatch.setattr(module, "SECONDS", 0.01)
    with pytest.raises(Invalid):
        await Darkroom().develop(jpeg((3000, 3000)))


async def test_many_at_once_take_turns() -> None:
    room = Darkroom()
    photos = await asyncio.gather(*(room.develop(jpeg()) for _ in range(6)))
    assert len({one.body for one in photos}) == 1


async def test_a_photo_goes_with_its_draft(france_site: Any, hidden: Any, staff_login: Any) -> None:
    browser = france_site.browser
    form = {"commune": "69143", "service": "nursery", "sujet": "exists"}
    page = await browser.get("/fr/contribuer", params=form)
    kept = await browser.post(
        "/fr/contribuer",
        data={"jeton": hidden(page.text, "jeton"), **form, "url": "https://x.fr/a"},
    )
    address = kept.headers["Location"]
    token = hidden((await browser.get(address)).text, "jeton")
    sent = await browser.post(
        f"{address}/photo",
        data={"jeton": token},
        files={"photo": ("a.php.jpg", tagged(), "image/jpeg")},
    )
    assert sent.status_code == 303, sent.text
    refused = await browser.post(
        f"{address}/photo",
        data={"jeton": token},
        files={"photo": ("a.jpg", b"<svg/>", "image/jpeg")},
    )
    assert refused.status_code == 415
    large = await browser.post(
        f"{address}/photo",
        data={"jeton": token},
        files={"photo": ("a.jpg", b"x" * (MOST_BYTES + 20_000), "image/jpeg")},
    )
    assert large.status_code == 413
    shown = await browser.get(f"{address}/photo")
    assert b"SECRET" not in shown.content
    assert shown.headers["Content-Type"] == "image/jpeg"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    done = await browser.post(address, data={"jeton": token})
    follow = done.headers["Location"]
    assert (await browser.get(f"{follow}/photo")).content == shown.content
    assert (await browser.get(f"{address}/photo")).status_code == 404
    assert (await browser.get("/fr/moderation/cas/1/photo")).status_code == 403
    await staff_login(france_site)
    assert (await browser.get("/fr/moderation/cas/1/photo")).content == shown.content
