"""Pictures: checked by decoding, encoded anew from their pixels alone, few at once in a process."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from typing import IO

from PIL import Image, ImageOps

from chassis import camera_notes
from chassis.camera_notes import Notes
from chassis.errors import Invalid, Refusal, TooLarge, Unavailable

MEGABYTE = 1024 * 1024
MEGAPIXEL = 1_000_000
MOST_MEGABYTES = 20
MOST_MEGAPIXELS = 50
"""What no setting can exceed."""
THUMBNAIL = 480
"""Pixels of a thumbnail's longer side at most."""
_STORED_AS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
CONTENT_TYPES = tuple(_STORED_AS.values())
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_HOW = {
    "JPEG": {"quality": 88},
    "PNG": {"compress_level": 3},  # the usual 6 takes three times as long for a tenth less
    "WEBP": {"quality": 88, "method": 2},  # the usual 4 takes twice as long for a twentieth less
}
_PATIENCE = 20.0
"""Seconds that an upload waits for its turn."""
# Pillow's own limit: an error at twice the number, before decoders that allocate by the header alone do so.
Image.MAX_IMAGE_PIXELS = MOST_MEGAPIXELS * MEGAPIXEL

try:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
except ImportError:
    READS_HEIC = False
else:
    READS_HEIC = True
_FORMATS = [*_STORED_AS, "HEIF"] if READS_HEIC else [*_STORED_AS]


@dataclass(frozen=True)
class Limits:
    """What is taken: bytes and pixels of one file, and how many files are decoded at once in a process."""

    megabytes: int = 10
    megapixels: int = 40
    at_once: int = 1


@dataclass(frozen=True)
class Picture:
    """A cleaned picture, ready to store."""

    body: bytes
    thumbnail: bytes
    content_type: str
    width: int
    height: int


Box = tuple[int, int, int, int]
"""Left, upper, right and lower edge in pixels; the right and lower ones are the first outside."""


class Pictures:
    """Works on pictures within limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._turns = threading.BoundedSemaphore(limits.at_once)

    def clean(self, stream: IO[bytes]) -> tuple[Picture, Notes]:
        """Decode an upload and encode it anew, upright; and what the camera noted.

        Nothing but pixels survives: no EXIF, XMP, GPS, IPTC, profile, comment or trailing bytes. Of several
        pictures in a file (an animation, a phone's stereo pair) the first is kept. HEIC becomes JPEG, which
        every browser shows. Raises Invalid when it is no photo of these kinds or has too many pixels, which
        the header tells before anything is decompressed; TooLarge; and Unavailable when too many others wait.
        """
        stream.seek(0, SEEK_END)
        if stream.tell() > self._limits.megabytes * MEGABYTE:
            raise self.too_large()
        stream.seek(0)
        with self._turn():
            try:
                return self._cleaned(stream)
            except Refusal:
                raise
            except Image.DecompressionBombError as error:
                raise self._too_many_pixels() from error
            except Exception as error:  # a damaged file can make a decoder raise nearly anything
                raise _unreadable(stream) from error

    def _cleaned(self, stream: IO[bytes]) -> tuple[Picture, Notes]:
        with Image.open(stream, formats=_FORMATS) as image:
            self._check_pixels(image)
            image.load()
            self._check_pixels(image)  # a HEIC file may hold another picture than its header announced
            notes = camera_notes.read(image)
            # A phone's stereo or portrait JPEG calls itself MPO; its first picture is an ordinary JPEG.
            kind = str(image.format) if image.format in _STORED_AS else "JPEG"
            ImageOps.exif_transpose(image, in_place=True)
            vars(image).pop("_decoder", None)  # WebP's holds two more pictures of this size
            upright = _eight_bits(image)
            return _picture(_opaque(upright) if kind == "JPEG" else upright, kind), notes

    def blacken(self, body: bytes, boxes: Sequence[Box]) -> Picture:
        """A stored picture with some boxes painted over. Raises Unavailable when too many others wait."""
        with self._turn(), Image.open(BytesIO(body), formats=list(_STORED_AS)) as image:
            image.load()
            for box in boxes:
                image.paste("black", box)
            return _picture(image, str(image.format))

    def too_large(self) -> TooLarge:
        """The refusal of a file with too many bytes."""
        most = self._limits.megabytes
        return TooLarge(
            "photo-too-large", zh=f"照片不能超过 {most} MB。", en=f"A photo may have {most} MB at most."
        )

    def _check_pixels(self, image: Image.Image) -> None:
        if image.width * image.height > self._limits.megapixels * MEGAPIXEL:
            raise self._too_many_pixels()

    def _too_many_pixels(self) -> Invalid:
        most = self._limits.megapixels
        return Invalid(
            "file",
            zh=f"照片不能超过 {most * 100} 万像素。",
            en=f"A photo may have {most} megapixels at most.",
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_PATIENCE):
            raise Unavailable(
                "photos-busy",
                zh="正在处理的照片太多，请稍后重试。",
                en="Too many photos are being worked on: try again in a moment.",
                retry_after=5,
            )
        try:
            yield
        finally:
            self._turns.release()


def _unreadable(stream: IO[bytes]) -> Invalid:
    stream.seek(0)
    head = stream.read(12)
    if not READS_HEIC and head[4:8] == b"ftyp" and head[8:] in _HEIC_BRANDS:
        return Invalid(
            "file",
            zh="此服务器不能读取 HEIC 照片，请改为 JPEG 后上传。",
            en="This server cannot read HEIC photos: send it as JPEG.",
        )
    kinds = ("JPEG, PNG, WebP or HEIC", "JPEG、PNG、WebP 或 HEIC")
    en, zh = kinds if READS_HEIC else ("JPEG, PNG or WebP", "JPEG、PNG 或 WebP")
    return Invalid("file", zh=f"这不是可读取的 {zh} 照片。", en=f"This is no readable {en} photo.")


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image as grey, RGB, or RGBA where something shines through."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    as_it_is = image.mode == mode or (image.mode == "L" and mode == "RGB")
    return image if as_it_is else image.convert(mode)


def _picture(image: Image.Image, kind: str) -> Picture:
    """Encode an image as it is, without a copy of it."""
    image.info = {}  # what came beside the pixels; encoders would write parts of it again
    return Picture(
        body=_encoded(image, kind),
        thumbnail=_encoded(_opaque(_small(image)), "JPEG"),
        content_type=_STORED_AS[kind],
        width=image.width,
        height=image.height,
    )


def _small(image: Image.Image) -> Image.Image:
    scale = min(1.0, THUMBNAIL / image.width, THUMBNAIL / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _encoded(image: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    image.save(out, format=kind, **_HOW[kind])
    return out.getvalue()
