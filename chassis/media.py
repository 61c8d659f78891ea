"""Photos: checked by decoding, re-encoded without metadata, kept in GridFS, served by signed URLs."""

import hashlib
import hmac
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO

import gridfs
from gridfs.errors import FileExists, NoFile
from PIL import Image, ImageOps, UnidentifiedImageError

from chassis.errors import Invalid, NotAllowed, TooLarge, missing
from chassis.mongo import Mongo

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000
THUMBNAIL = (480, 480)
URL_SECONDS = 300
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_CHUNK = 256 * 1024


@dataclass(frozen=True)
class Photo:
    """A cleaned image ready to store."""

    body: bytes
    thumbnail: bytes
    content_type: str
    width: int
    height: int


def clean(stream: IO[bytes]) -> Photo:
    """Decode and re-encode an upload, upright and without EXIF, XMP or GPS.

    Raises Invalid when it is no JPEG, PNG or WebP image, or has more than 50 megapixels, and TooLarge above
    20 MB. The pixel count is read from the header before anything is decompressed.
    """
    body = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge("photo-too-large", zh="照片不能超过 20 MB。", en="A photo may have 20 MB at most.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(body), formats=list(_FORMATS)) as image:
                _check_size(image)
                name = str(image.format)
                image.load()
                upright = ImageOps.exif_transpose(image)
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise Invalid(
            "file",
            zh="这不是可读取的 JPEG、PNG 或 WebP 照片。",
            en="This is no readable JPEG, PNG or WebP photo.",
        ) from error
    small = upright.convert("RGB")
    small.thumbnail(THUMBNAIL)
    return Photo(
        body=_encode(upright, name),
        thumbnail=_encode(small, "JPEG"),
        content_type=_FORMATS[name],
        width=upright.width,
        height=upright.height,
    )


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> Invalid:
    return Invalid("file", zh="照片不能超过 5000 万像素。", en="A photo may have 50 megapixels at most.")


def _encode(image: Image.Image, name: str) -> bytes:
    # A new image made of the pixels alone: whatever the upload carried beside them stays behind.
    mode = "RGB" if name == "JPEG" or image.mode not in ("RGB", "RGBA", "L") else image.mode
    bare = Image.new(mode, image.size)
    bare.paste(image.convert(mode))
    out = BytesIO()
    bare.save(out, format=name, quality=88)
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
            try:
                bucket.put(body, _id=file_id, metadata={**about, "content_type": kind})
            except FileExists:
                continue

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
        good = hmac.compare_digest(signature, self._sign(file_id, expires))
        if not good or expires < time.time():
            raise NotAllowed(
                "link-expired",
                zh="照片链接已失效，请重新打开页面。",
                en="This photo link has expired: load it anew.",
            )

    def _sign(self, file_id: str, expires: int) -> str:
        return hmac.new(self._key, f"{file_id} {expires}".encode(), hashlib.sha256).hexdigest()[:40]
