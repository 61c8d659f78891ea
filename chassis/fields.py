"""Marshmallow fields for what comes in everywhere: texts, identifiers, area codes, places, times."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from chassis.clock import rfc3339, utc_now
from chassis.identity import is_area_code

_ULID = re.compile(r"^[0-9A-HJKMNP-TV-Z]{26}$")
_ALLOWED_CONTROLS = {"\n", "\t"}
_OLDEST = timedelta(days=90)
_CLOCK_ERROR = timedelta(minutes=5)


class PlainText(fields.String):
    """Text without control or direction-override characters, trimmed, at most `most` characters."""

    def __init__(self, *, most: int, least: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        for character in text or "":
            if character not in _ALLOWED_CONTROLS and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
                raise ValidationError(f"The character U+{ord(character):04X} is not allowed.")
        return (text or "").strip()


class Identifier(fields.String):
    """A ULID as this system gives them out."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or not _ULID.match(text):
            raise ValidationError("Not an identifier of this system.")
        return text


class AreaCode(fields.String):
    """A division code of 6, 9 or 12 digits, or a grid's of 15."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or not is_area_code(text):
            raise ValidationError("Not an area code: 6, 9, 12 or 15 digits.")
        return text


class Moment(fields.AwareDateTime):
    """An RFC 3339 time, kept in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **kwargs)

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return rfc3339(value) if value is not None else None


class PastMoment(Moment):
    """When something was seen: within the last ninety days, five minutes of a wrong clock allowed for."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not utc_now() - _OLDEST <= moment <= utc_now() + _CLOCK_ERROR:
            raise ValidationError("Not within the last ninety days.")
        return moment


class LocationSchema(Schema):
    """A point: WGS-84 longitude and latitude in degrees."""

    lng = fields.Float(required=True, validate=validate.Range(-180, 180), allow_nan=False)
    lat = fields.Float(required=True, validate=validate.Range(-90, 90), allow_nan=False)


class PageQuery(Schema):
    """How every list is paged."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    cursor = fields.String(load_default=None, validate=validate.Length(max=100))
