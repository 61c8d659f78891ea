"""What a camera noted beside its pixels: when and where. Read before the notes are thrown away."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from chassis.clock import utc_now

_LOCAL = timezone(timedelta(hours=8))
"""China has one time zone; cameras that name none are taken to show it."""
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_CLOCK_ERROR = timedelta(days=1)
_DECIMALS = 6
"""Of a degree: some ten centimetres."""
Found = TypeVar("Found")


@dataclass(frozen=True)
class Notes:
    """`taken_at` in UTC; `location` as `lng` and `lat` in degrees, WGS-84. None where nothing is noted."""

    taken_at: datetime | None = None
    location: Mapping[str, float] | None = None


def read(image: Image.Image) -> Notes:
    """The notes of an image that is open. Notes that make no sense count as none; nothing is raised."""
    exif = _or_none(image.getexif)
    if exif is None:
        return Notes()
    return Notes(_or_none(lambda: _taken_at(exif)), _or_none(lambda: _location(exif)))


def _or_none(reading: Callable[[], Found]) -> Found | None:
    try:
        return reading()
    except Exception:  # noqa: BLE001 - notes are anybody's bytes: reading them can raise nearly anything
        return None


def _taken_at(exif: Image.Exif) -> datetime | None:
    more = exif.get_ifd(IFD.Exif)
    text = _text(more.get(Base.DateTimeOriginal) or exif.get(Base.DateTime))
    zone = _text(more.get(Base.OffsetTimeOriginal) or more.get(Base.OffsetTime))
    moment = datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=_zone(zone)).astimezone(UTC)
    return moment if _EARLIEST <= moment <= utc_now() + _CLOCK_ERROR else None


def _zone(text: str) -> timezone:
    if not text:
        return _LOCAL
    offset = datetime.strptime(text, "%z").utcoffset()
    return timezone(offset) if offset is not None else _LOCAL


def _text(value: Any) -> str:
    return str(value or "").strip("\0 ")


def _location(exif: Image.Exif) -> Mapping[str, float] | None:
    notes = exif.get_ifd(IFD.GPSInfo)
    lat = _degrees(notes[GPS.GPSLatitude], _text(notes[GPS.GPSLatitudeRef]), "N", "S", 90)
    lng = _degrees(notes[GPS.GPSLongitude], _text(notes[GPS.GPSLongitudeRef]), "E", "W", 180)
    if lat is None or lng is None or (lat, lng) == (0.0, 0.0):  # what cameras note while they seek satellites
        return None
    return {"lng": lng, "lat": lat}


def _degrees(parts: Any, side: str, plus: str, minus: str, most: int) -> float | None:
    degrees, minutes, seconds = (float(part) for part in parts)
    angle = degrees + minutes / 60 + seconds / 3600
    if side not in (plus, minus) or not math.isfinite(angle) or not 0 <= angle <= most:
        return None
    return round(angle if side == plus else -angle, _DECIMALS)
