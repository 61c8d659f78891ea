"""What comes in to and goes out of photos."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Moment, Number, PageQuery, PlainText
from chassis.places import Place
from services.issues.media.domain import MOST_BOXES, UNITS, Moderation

LATEST_SECOND = 2**53
MOST_PIXELS = 100_000


class UploadSchema(Schema):
    """A photo: JPEG, PNG, WebP or HEIC, within the limits of this deployment."""

    file = Upload(required=True)


class LinkQuery(Schema):
    """The signature of a photo's URL."""

    expires = fields.Integer(required=True, validate=validate.Range(0, LATEST_SECOND))
    signature = fields.String(required=True, validate=validate.Length(max=64))


class _StoredSchema(Schema):
    """A stored photo. The URLs expire after five minutes."""

    id = fields.String()
    url = fields.String()
    thumbnail_url = fields.String()
    content_type = fields.String()
    size = fields.Integer(metadata={"description": "bytes as stored"})
    width = fields.Integer(metadata={"description": "pixels"})
    height = fields.Integer(metadata={"description": "pixels"})


class MediaSchema(_StoredSchema):
    """A photo just uploaded. `taken_at` and `location` are what the camera noted: told once, kept nowhere."""

    taken_at = Moment(allow_none=True)
    location = Place(allow_none=True)


class PhotoSchema(_StoredSchema):
    """A photo as shown to those who may see it."""

    moderation = fields.String(validate=validate.OneOf([one.value for one in Moderation]))
    redactions = fields.Integer(metadata={"description": "boxes painted over"})


class WaitingQuery(PageQuery):
    """Which photos to list: those that wait. Without an `area`, of the widest the caller is staff of."""

    state = fields.String(load_default="awaiting_review", validate=validate.OneOf(["awaiting_review"]))
    area = AreaCode(load_default=None)


class WaitingSchema(PhotoSchema):
    """A photo that awaits moderation, and the issues of the area that show it."""

    at = Moment(metadata={"description": "when it was uploaded"})
    issues = fields.List(fields.String())


class WaitingPageSchema(Schema):
    """A page of photos that await moderation."""

    items = fields.List(fields.Nested(WaitingSchema))
    next = fields.String(allow_none=True)


class BoxSchema(Schema):
    """A box from the upper left corner of the photo as it is shown."""

    x = Number(0, MOST_PIXELS, required=True)
    y = Number(0, MOST_PIXELS, required=True)
    width = Number(0, MOST_PIXELS, required=True)
    height = Number(0, MOST_PIXELS, required=True)


class RedactionsSchema(Schema):
    """Boxes to paint over for good. Without a `unit`: pixels where all numbers are whole, else fractions."""

    boxes = fields.List(
        fields.Nested(BoxSchema), required=True, validate=validate.Length(min=1, max=MOST_BOXES)
    )
    unit = fields.String(load_default=None, validate=validate.OneOf(UNITS))


class ModerationSchema(Schema):
    """`approve`, or `reject` with a reason."""

    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    reason = PlainText(load_default=None, most=500)
