"""Files to upload: good photos of every kind, and what only looks like one."""

import random
import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image, PngImagePlugin

pillow_heif.register_heif_opener()

SECRET = b"N 39.1234 E 117.5678 of my home"
TAKEN = "2026:03:05 14:30:00"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image in a file format."""
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A left half of one shade and a right half of another, to tell which way up it is."""
    image = Image.new("RGBA", size, (200, 30, 30, 255))
    image.paste((30, 30, 200, 255), (size[0] // 2, 0, size[0], size[1]))
    if mode in ("RGBA", "LA"):
        image.putpixel((0, 0), (0, 0, 0, 0))
        return image.convert(mode)
    return image.convert("RGB").convert(mode)


def shade(image: Image.Image, spot: tuple[int, int]) -> tuple[float, ...]:
    """What an RGB image shows at a spot."""
    pixel = image.getpixel(spot)
    assert isinstance(pixel, tuple)
    return pixel


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone notes: its make, the place, which way it was held."""
    notes = Image.Exif()
    notes[0x010F] = SECRET.decode()
    notes[0x0112] = orientation
    notes[0x8769] = {0x9003: TAKEN, 0x9011: "+08:00"}
    notes[0x8825] = {1: "N", 2: (39.0, 7.0, 24.0), 3: "E", 4: (117.0, 12.0, 3.6), 29: SECRET.decode()}
    return notes


def with_everything(kind: str) -> bytes:
    """A photo that carries all the metadata its format has room for."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + SECRET + b"</x:xmpmeta>"
    image, profile = picture(), SECRET * 4
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", SECRET.decode())
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=False)
        texts.add_text("Raw profile type iptc", SECRET.decode(), zip=True)
        return encoded(image, kind, exif=exif(), icc_profile=profile, pnginfo=texts)
    if kind == "WEBP":
        return encoded(image, kind, exif=exif(), icc_profile=profile, xmp=xmp)
    if kind == "HEIF":
        return encoded(image, kind, exif=exif().tobytes(), icc_profile=profile, xmp=xmp)
    plain = encoded(image, kind, exif=exif(), icc_profile=profile, xmp=xmp, comment=SECRET)
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(SECRET)) + SECRET
    marker = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    return plain[:2] + marker + plain[2:] + SECRET


def animated(kind: str) -> bytes:
    """Three pictures in one file."""
    more = [picture().rotate(angle) for angle in (90, 180)]
    return encoded(picture(), kind, save_all=True, append_images=more)


def png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG that claims a size, whatever its data holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def webp_that_claims(width: int, height: int) -> bytes:
    """A small WebP whose header announces a large canvas."""
    inner = encoded(picture(), "WEBP")[12:]
    size = b"".join((one - 1).to_bytes(3, "little") for one in (width, height))
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bomb_of_text() -> bytes:
    """A small PNG with a comment that unpacks to 200 MB."""
    whole = png_of(1, 1, zlib.compress(b"\0\0\0\0"))
    body = b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    return whole[:33] + chunk + whole[33:]


def archive() -> bytes:
    """A zip file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("photo.jpg", encoded(picture(), "JPEG"))
    return out.getvalue()


def polyglot() -> bytes:
    """A JPEG that is also a zip file."""
    return encoded(picture(), "JPEG", comment=b"PK") + archive()


def heic(size: tuple[int, int] = (640, 480)) -> bytes:
    """A photo as newer phones take them."""
    return encoded(picture(size=size), "HEIF")


def heic_that_claims(size: tuple[int, int], claimed: tuple[int, int]) -> bytes:
    """A HEIC of one size whose header announces another."""
    return heic(size).replace(
        b"ispe\0\0\0\0" + struct.pack(">II", *size), b"ispe\0\0\0\0" + struct.pack(">II", *claimed)
    )


def noise(size: int) -> bytes:
    """So many bytes that cannot be made smaller."""
    return random.Random(1).randbytes(size)


NOT_PHOTOS: dict[str, bytes] = {
    "a text": "楼道".encode() * 100,
    "a zip": archive(),
    "half a JPEG": encoded(picture(size=(640, 480)), "JPEG")[:2000],
    "a JPEG cut in its header": encoded(picture(), "JPEG")[:30],
    "a PNG with broken data": png_of(100, 100, b"\x78\x9c" + noise(200)),
    "a PNG with too little data": png_of(1000, 1000, zlib.compress(b"\0" * 100)),
    "half a WebP": encoded(picture(size=(640, 480)), "WEBP")[:300],
    "nothing": b"",
    "a GIF": encoded(picture("P"), "GIF"),
    "a TIFF": encoded(picture(), "TIFF"),
    "a BMP": encoded(picture(), "BMP"),
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a page": b"<html><script>alert(1)</script></html>",
    "41 megapixels": encoded(Image.new("1", (8_200, 5_000)), "PNG"),
    "half a HEIC": heic()[: len(heic()) // 2],
    "a HEIC cut in its header": heic()[:40],
    "a HEIC that claims 2 gigapixels": heic_that_claims((64, 64), (50_000, 40_000)),
    "an AVIF": encoded(picture(), "AVIF"),
    "a WebP that claims 268 megapixels": webp_that_claims(16_384, 16_384),
    "a claim of 2 gigapixels": png_of(50_000, 40_000, zlib.compress(b"\0" * 1000)),
    "a claim of no pixels": png_of(0, 0, zlib.compress(b"")),
    "a comment that unpacks to 200 MB": bomb_of_text(),
}
