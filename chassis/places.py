"""Places at the edge: inside all are WGS-84, outside they are of the datum that a request's `crs` names.

Views that take or give places say so by the blueprint's `places`. To all others, and outside of requests,
places are WGS-84.
"""

from collections.abc import Mapping
from typing import Any

from flask import g, has_app_context
from marshmallow import Schema, fields, post_load, validate

from chassis.datum import Datum, gcj02_to_wgs84, wgs84_to_gcj02
from chassis.fields import LocationSchema
from chassis.geography import moved

_DECIMALS = 7
"""A centimetre: what was sent with no more comes back as it was sent."""


class DatumQuery(Schema):
    """In which datum the request gives places, and wants them in the answer."""

    crs = fields.String(
        load_default=Datum.WGS84.value,
        validate=validate.OneOf([one.value for one in Datum]),
        metadata={"description": "the datum of all places in the request and in the answer"},
    )


def asked() -> Datum:
    """The datum of the present request."""
    datum: Datum = g.get("datum", Datum.WGS84) if has_app_context() else Datum.WGS84
    return datum


def as_kept(lng: float, lat: float) -> tuple[float, float]:
    """A point of the present request in WGS-84."""
    return gcj02_to_wgs84(lng, lat) if asked() is Datum.GCJ02 else (lng, lat)


def as_asked(lng: float, lat: float) -> tuple[float, float]:
    """A point of WGS-84 as the present request wants it."""
    if asked() is Datum.WGS84:
        return lng, lat
    shown_lng, shown_lat = wgs84_to_gcj02(lng, lat)
    return round(shown_lng, _DECIMALS), round(shown_lat, _DECIMALS)


class Place(fields.Nested):
    """A point, `{"lng": …, "lat": …}`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(LocationSchema, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any
    ) -> dict[str, float]:
        given = super()._deserialize(value, attr, data, partial, **kwargs)
        lng, lat = as_kept(given["lng"], given["lat"])
        return {"lng": lng, "lat": lat}

    def _serialize(  # type: ignore[override]  # marshmallow's own Nested calls `value` otherwise too
        self, value: Mapping[str, float] | None, *_: Any, **__: Any
    ) -> dict[str, float] | None:
        if value is None:
            return None
        lng, lat = as_asked(value["lng"], value["lat"])
        return {"lng": lng, "lat": lat}


class PointQuery(Schema):
    """A point."""

    lng = fields.Float(required=True, validate=validate.Range(-180, 180), allow_nan=False)
    lat = fields.Float(required=True, validate=validate.Range(-90, 90), allow_nan=False)

    @post_load
    def kept(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The point in WGS-84."""
        lng, lat = as_kept(data["lng"], data["lat"])
        return {**data, "lng": lng, "lat": lat}


class Boundary(fields.Dict):
    """A GeoJSON shape, as it comes in; `geography.read_boundary` reads it."""

    def _serialize(self, value: dict[str, Any] | None, *_: Any, **__: Any) -> dict[str, Any] | None:
        if value is None or asked() is Datum.WGS84:
            return value
        return {**value, "coordinates": moved(value["coordinates"], as_asked)}
