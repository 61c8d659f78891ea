"""What comes in to and goes out of photos."""

from flask_smorest.fields import Upload
from marshmallow import Schema, fields, validate

LATEST_SECOND = 2**53


class UploadSchema(Schema):
    """A photo: JPEG, PNG or WebP, at most 20 MB and 50 megapixels."""

    file = Upload(required=True)


class MediaSchema(Schema):
    """A stored photo. The URLs expire after five minutes."""

    id = fields.String()
    url = fields.String()
    thumbnail_url = fields.String()
    content_type = fields.String()
    size = fields.Integer(metadata={"description": "bytes as stored"})
    width = fields.Integer(metadata={"description": "pixels"})
    height = fields.Integer(metadata={"description": "pixels"})


class LinkQuery(Schema):
    """The signature of a photo's URL."""

    expires = fields.Integer(required=True, validate=validate.Range(0, LATEST_SECOND))
    signature = fields.String(required=True, validate=validate.Length(max=64))
