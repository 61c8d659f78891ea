"""Files of photos in GridFS, and the signed links that open one for five minutes."""

import hashlib
import hmac
import time
from collections.abc import Iterator

import gridfs
from gridfs.errors import NoFile

from chassis.errors import NotAllowed, missing
from chassis.mongo import Mongo

URL_SECONDS = 300
THUMBNAIL = "-thumbnail"
"""What the name of a photo's thumbnail ends in."""
_CHUNK = 256 * 1024


class MediaFiles:
    """Files of one service, in its own database."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def put(self, name: str, body: bytes, content_type: str) -> None:
        """Store a file under a name that was never used before."""
        self._bucket.put(body, _id=name, metadata={"content_type": content_type})

    def open(self, name: str) -> tuple[str, int, Iterator[bytes]]:
        """Content type, size and body in chunks. Raises NotFound."""
        stored = self._stored(name)
        return (
            str((stored.metadata or {})["content_type"]),
            stored.length,
            iter(lambda: stored.read(_CHUNK), b""),
        )

    def read(self, name: str) -> bytes:
        """The whole body. Raises NotFound."""
        return self._stored(name).read()

    def remove(self, name: str) -> None:
        """Remove a file, also one that was stored half; removing it again changes nothing."""
        self._bucket.delete(name)

    @property
    def _bucket(self) -> gridfs.GridFS:
        return gridfs.GridFS(self._mongo.database, "media")

    def _stored(self, name: str) -> gridfs.GridOut:
        try:
            return self._bucket.get(name)
        except NoFile:
            raise missing("照片", "photo") from None


class Links:
    """Links to files: they need no token, so that an image element can load them, and expire."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

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
