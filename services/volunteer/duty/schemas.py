"""What comes in to and goes out of duty."""

from marshmallow import Schema, fields, validate

from chassis.fields import ULID_PATTERN, AreaCode, Formed, Identifier, Moment, Number, PageQuery, PlainText
from chassis.places import Place
from services.volunteer.duty.shift import KINDS, MAX_MINUTES, MAX_SEATS, Status

TOKEN_PATTERN = rf"{ULID_PATTERN}\.[0-9]{{10}}\.[0-9a-f]{{40}}"
_MOST_ACCURACY = 100_000
_MOST_SKILLS = 10


class OpenShiftSchema(Schema):
    """A shift: where to stand (`post`), when, and for how many. `skills` tell what is of use there."""

    area = AreaCode(required=True)
    post = PlainText(required=True, most=200)
    kind = fields.String(load_default="post", validate=validate.OneOf(KINDS))
    starts_at = Moment(required=True)
    ends_at = Moment(required=True)
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(1, MAX_SEATS))
    skills = fields.List(PlainText(most=40), load_default=list, validate=validate.Length(max=_MOST_SKILLS))


class ShiftQuery(PageQuery):
    """Which shifts to list; `member` also takes `me`."""

    area = AreaCode(load_default=None)
    member = fields.String(load_default=None, validate=validate.Length(max=26))


class CheckInSchema(Schema):
    """The code that is shown at the post; where somebody is, by their phone, and how exactly, in metres.

    Neither is kept: only whether the code was good, and the place in the shift's area, is.
    """

    token = Formed(TOKEN_PATTERN, "Not a code of a post: scan it anew.", load_default=None)
    location = Place(load_default=None)
    accuracy = Number(0, _MOST_ACCURACY, load_default=None)


class CheckInTokenSchema(Schema):
    """A code to show at the post, as the text of a QR code, and until when it is good."""

    token = fields.String()
    expires_at = Moment()


class DutyVerificationSchema(Schema):
    """`approve`, or `reject` with a reason; other `minutes` than those that were recorded need one too."""

    member = Identifier(required=True)
    decision = fields.String(required=True, validate=validate.OneOf(["approve", "reject"]))
    minutes = fields.Integer(load_default=None, strict=True, validate=validate.Range(0, MAX_MINUTES))
    reason = PlainText(load_default=None, most=500)


class DutySchema(Schema):
    """One member's duty on a shift; of others', only who verifies sees more than the status.

    `in_area` is whether they checked in within the shift's area; null where nobody can tell. `attested` is
    whether they scanned a code that somebody else showed at the post.
    """

    id = fields.String()
    member = fields.String()
    status = fields.String(validate=validate.OneOf([one.value for one in Status]))
    signed_up_at = Moment(allow_none=True)
    checked_in_at = Moment(allow_none=True)
    in_area = fields.Boolean(allow_none=True)
    attested = fields.Boolean(allow_none=True)
    checked_out_at = Moment(allow_none=True)
    minutes = fields.Integer(allow_none=True)
    verified_by = fields.String(allow_none=True)
    verified_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)


class OwnDutySchema(DutySchema):
    """A duty, and the shift it is on."""

    shift = fields.String()
    area = fields.String()
    post = fields.String()
    kind = fields.String()
    starts_at = Moment()
    ends_at = Moment()


class ShiftSchema(Schema):
    """A shift, and who is on it."""

    id = fields.String()
    area = fields.String()
    post = fields.String()
    kind = fields.String(validate=validate.OneOf(KINDS))
    starts_at = Moment()
    ends_at = Moment()
    seats = fields.Integer()
    taken = fields.Integer()
    skills = fields.List(fields.String())
    created_by = fields.String()
    created_at = Moment()
    duties = fields.List(fields.Nested(DutySchema))
    version = fields.Integer()


class ShiftPageSchema(Schema):
    """A page of shifts."""

    items = fields.List(fields.Nested(ShiftSchema))
    next = fields.String(allow_none=True)
