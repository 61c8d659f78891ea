"""Marshmallow fields for what comes in everywhere: texts, identifiers, area codes, places, times."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, missing, validate

from chassis.clock import rfc3339, to_milliseconds, utc_now

ULID_PATTERN = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
CURSOR_PATTERN = "[0-9A-Za-z_-]{35}"
AREA_PATTERN = "[0-9]{6}([0-9]{3}){0,3}"
_ALLOWED_CONTROLS = {"\n", "\t", "\u200d"}  # the last joins the parts of an emoji
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MAX_VERSION = 2**53
_OLDEST = timedelta(days=90)
_CLOCK_ERROR = timedelta(minutes=5)


class DocumentSchema(Schema):
    """What goes out of documents alone: a field shows the member of its own name, where there is one.

    Marshmallow asks each field anew for an attribute or item, another key and a default: half of the time
    that a dump of many fields takes. So fields here have none of these, and no hooks are called.
    """

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Raises TypeError for a field that a dump would show otherwise than marshmallow does."""
        if (field_obj.attribute, field_obj.data_key, field_obj.dump_default) != (None, None, missing):
            raise TypeError(f"{field_name} shows another member than that of its name, or a default")

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """A document as its fields show it; a list of them for many."""
        if self.many if many is None else many:
            return [self.dump(one, many=False) for one in obj]
        shown = self.dump_fields.items()
        return {name: field._serialize(obj[name], name, obj) for name, field in shown if name in obj}


class PlainText(fields.String):
    """Text without control or direction-override characters, trimmed, at most `most` characters.

    Lines end in a line feed, whatever the caller's system ends them in.
    """

    def __init__(self, *, most: int, least: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = (super()._deserialize(value, attr, data, **kwargs) or "").replace("\r\n", "\n")
        for character in "" if text.isprintable() else text:  # nothing printable is of what is refused
            if character not in _ALLOWED_CONTROLS and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
                raise ValidationError(f"The character U+{ord(character):04X} is not allowed.")
        return text.strip()


class Formed(fields.String):
    """Text of one form: the whole of it matches `pattern`. `error` says what is expected."""

    def __init__(self, pattern: str, error: str, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{pattern}$"}, **kwargs)
        self._form = re.compile(pattern)
        self._error = error

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is None or not self._form.fullmatch(text):
            raise ValidationError(self._error)
        return text


class Identifier(Formed):
    """A ULID as this system gives them out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ULID_PATTERN, "Not an identifier of this system.", **kwargs)


class AreaCode(Formed):
    """A division code of 6, 9 or 12 digits, or a grid's of 15."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(AREA_PATTERN, "Not an area code: 6, 9, 12 or 15 digits.", **kwargs)


class Moment(fields.AwareDateTime):
    """An RFC 3339 time, kept in UTC and cut to milliseconds as the database stores it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        # Compared before it is moved to UTC: the first and last hours of the calendar cannot be moved.
        if not EARLIEST <= moment < LATEST:
            raise ValidationError("Not a time between 1970 and 2199.")
        return to_milliseconds(moment.astimezone(UTC))

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return rfc3339(value) if value is not None else None


class PastMoment(Moment):
    """When something was seen: within the last ninety days, five minutes of a wrong clock allowed for."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not utc_now() - _OLDEST <= moment <= utc_now() + _CLOCK_ERROR:
            raise ValidationError("Not within the last ninety days.")
        return moment


class Flag(fields.Boolean):
    """`true` or `false` of a JSON body; no word or number stands for them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **kwargs))


class Number(fields.Float):
    """A JSON number from `least` to `most`, not a text that looks like one."""

    def __init__(self, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(least, most), allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if not isinstance(value, (int, float)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Degrees(Number):
    """An angle up to `most` degrees to either side."""

    def __init__(self, most: float, **kwargs: Any) -> None:
        super().__init__(-most, most, **kwargs)


class LocationSchema(Schema):
    """A point: longitude and latitude in degrees."""

    lng = Degrees(180, required=True)
    lat = Degrees(90, required=True)


class PageQuery(Schema):
    """How every list is paged."""

    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    cursor = Formed(CURSOR_PATTERN, "Not a cursor of this system.", load_default=None)
