"""Photos: checked by decoding, re-encoded without metadata, kept in GridFS, served by signed URLs."""

import hashlib
import hmac
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO

import gridfs
from gridfs.errors import FileExists, NoFile
from PIL import Image, ImageOps

from chassis.errors import Invalid, NotAllowed, TooLarge, missing
from chassis.mongo import Mongo

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
THUMBNAIL = 480
URL_SECONDS = 300
_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_FORMATS = list(_TYPES)
CONTENT_TYPES = tuple(_TYPES.values())
_CHUNK = 256 * 1024
# A photo of 50 megapixels takes some 400 MB while it is worked on: more at once would take the machine down.
_DECODING = threading.BoundedSemaphore(2)
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns, and through process-wide state; ours refuses


@dataclass(frozen=True)
class Photo:
    """A cleaned image ready to store."""

    body: bytes
    thumbnail: bytes
    content_type: str
    width: int
    height: int


def clean(stream: IO[bytes]) -> Photo:
    """Decode and re-encode an upload, upright and without EXIF, XMP, GPS, profiles or comments.

    Of several pictures in a file (an animation, a phone's stereo pair) the first is kept. Raises Invalid when
    it is no JPEG, PNG or WebP image, or has more than 50 megapixels, and TooLarge above 20 MB. The number of
    pixels is read from the header before anything is decompressed.
    """
    body = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge("photo-too-large", zh="照片不能超过 20 MB。", en="A photo may have 20 MB at most.")
    try:
        with _DECODING, Image.open(BytesIO(body), formats=_FORMATS) as image:
            _check_size(image)
            return _reencoded(image)
    except Invalid:
        raise
    except Exception as error:  # a damaged file can make Pillow raise nearly anything
        raise Invalid(
            "file",
            zh="这不是可读取的 JPEG、PNG 或 WebP 照片。",
            en="This is no readable JPEG, PNG or WebP photo.",
        ) from error


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Invalid("file", zh="照片不能超过 5000 万像素。", en="A photo may have 50 megapixels at most.")


def _reencoded(image: Image.Image) -> Photo:
    # A phone's stereo or portrait JPEG calls itself MPO; its first picture is an ordinary JPEG.
    name = "JPEG" if image.format == "MPO" else str(image.format)
    ImageOps.exif_transpose(image, in_place=True)  # decodes, and turns by the camera's note
    upright = _eight_bits(image)
    upright.info = {}  # what came beside the pixels; encoders would write parts of it again
    return Photo(
        body=_encode(upright, name),
        thumbnail=_encode(_opaque(_small(upright)), "JPEG"),
        content_type=_TYPES[name],
        width=upright.width,
        height=upright.height,
    )


def _eight_bits(image: Image.Image) -> Image.Image:
    """The image as grey, RGB, or RGBA where something shines through."""
    if image.mode.startswith("I"):  # 16 bits of grey
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    as_it_is = image.mode == mode or (image.mode == "L" and mode == "RGB")
    return image if as_it_is else image.convert(mode)


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


def _encode(image: Image.Image, name: str) -> bytes:
    out = BytesIO()
    image.save(out, format=name, quality=88)
    return out.getvalue()


class MediaStore:
    """Photos of one service, in its own database."""

    def __init__(self, mongo: Mongo, url_key: str) -> None:
        self._mongo = mongo
        self._key = url_key.encode()

    def add(self, media_id: str, owner: str, photo: Photo, at: datetime) -> None:
        """Store a photo and its thumbnail. Storing the same id again changes nothing."""
        bucket = gridfs.GridFS(self._mongo.database, "media")
        about = {"owner": owner, "width": photo.width, "height": photo.height, "at": at}
        for file_id, body, kind in (
            (f"{media_id}-thumbnail", photo.thumbnail, "image/jpeg"),
            (media_id, photo.body, photo.content_type),
        ):
            facts = {**about, "content_type": kind}
            try:
                bucket.put(body, _id=file_id, metadata=facts)
            except FileExists:
                if not bucket.exists(file_id):  # a process died half-way and left nothing but chunks
                    bucket.delete(file_id)
                    bucket.put(body, _id=file_id, metadata=facts)

    def exist(self, media_ids: list[str], owner: str) -> bool:
        """Whether all these photos are stored and were uploaded by `owner`."""
        files = self._mongo["media.files"].find({"_id": {"$in": media_ids}}, {"metadata.owner": 1})
        return {one["_id"] for one in files if one["metadata"]["owner"] == owner} == set(media_ids)

    def remove(self, media_ids: Sequence[str]) -> None:
        """Remove photos and their thumbnails for good; what is gone already stays so."""
        bucket = gridfs.GridFS(self._mongo.database, "media")
        for media_id in media_ids:
            bucket.delete(f"{media_id}-thumbnail")
            bucket.delete(media_id)

    def open(self, file_id: str) -> tuple[str, int, Iterator[bytes]]:
        """Content type, size and body in chunks. Raises NotFound."""
        try:
            stored = gridfs.GridFS(self._mongo.database, "media").get(file_id)
        except NoFile:
            raise missing("照片", "photo") from None
        return (
            str((stored.metadata or {})["content_type"]),
            stored.length,
            iter(lambda: stored.read(_CHUNK), b""),
        )

    def url(self, file_id: str) -> str:
        """A path that opens the file for five minutes."""
        expires = int(time.time()) + URL_SECONDS
        return f"/v1/media/{file_id}?expires={expires}&signature={self._sign(file_id, expires)}"

    def check(self, file_id: str, expires: int, signature: str) -> None:
        """Raises NotAllowed unless the signature is ours and has not expired."""
        good = hmac.compare_digest(signature.encode(), self._sign(file_id, expires).encode())
        if not good or expires < time.time():
            raise NotAllowed(
                "link-expired",
                zh="照片链接已失效，请重新打开页面。",
                en="This photo link has expired: load it anew.",
            )

    def _sign(self, file_id: str, expires: int) -> str:
        return hmac.new(self._key, f"{file_id} {expires}".encode(), hashlib.sha256).hexdigest()[:40]
