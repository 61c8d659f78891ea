"""What comes in to and goes out of sign-in and members."""

from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from chassis.fields import EARLIEST, LATEST, AreaCode, Formed, Moment, PageQuery, PlainText
from services.volunteer.people.domain import ENDED, GRANTED, REVOKED, ROLES


def _phone(**options: Any) -> Formed:
    return Formed("1[3-9][0-9]{9}", "Not a mainland mobile number.", **options)


def _check_day(day: date) -> None:
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValidationError("Not a day between 1970 and 2199.")


class CodeRequestSchema(Schema):
    """Where to send a one-time code."""

    phone = _phone(required=True)


class CodeSentSchema(Schema):
    """`dev_code` is there only where the deployment has DEV_LOGIN."""

    expires_in = fields.Integer()
    dev_code = fields.String()


class TokenRequestSchema(Schema):
    """`grant: code` with phone and code, or `grant: refresh` with refresh_token."""

    grant = fields.String(required=True, validate=validate.OneOf(["code", "refresh"]))
    phone = _phone(load_default=None)
    code = Formed("[0-9]{6}", "Six digits.", load_default=None)
    refresh_token = Formed("[0-9A-Za-z._-]{1,200}", "Not a refresh token of this system.", load_default=None)

    @validates_schema
    def complete(self, data: dict[str, str | None], **_: object) -> None:
        """Each grant has its own needs."""
        needs = {"code": ("phone", "code"), "refresh": ("refresh_token",)}[str(data["grant"])]
        lacking = {name: ["Missing data for required field."] for name in needs if data.get(name) is None}
        if lacking:
            raise ValidationError(lacking)


class TokensSchema(Schema):
    """A token pair; `expires_in` in seconds is of the access token."""

    access_token = fields.String()
    refresh_token = fields.String()
    expires_in = fields.Integer()


class KeySchema(Schema):
    """A public key (RFC 7517, RFC 8037)."""

    kty = fields.String()
    crv = fields.String()
    use = fields.String()
    alg = fields.String()
    kid = fields.String()
    x = fields.String()


class KeySetSchema(Schema):
    """The public keys that access tokens are signed with."""

    keys = fields.List(fields.Nested(KeySchema))


class RoleSchema(Schema):
    """A role on an area and all below it.

    `from` and `until` are days of Shanghai, the first and the last of the term; null is no bound.
    """

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    area = AreaCode(required=True)
    since = fields.Date(data_key="from", load_default=None, allow_none=True, validate=_check_day)
    until = fields.Date(load_default=None, allow_none=True, validate=_check_day)


class RevocationSchema(Schema):
    """Which role is taken, where, and why; the member may read the reason.

    `until` is the last day on which it is held; without it the role ends at once.
    """

    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    area = AreaCode(required=True)
    reason = PlainText(required=True, least=2, most=300)
    until = fields.Date(load_default=None, allow_none=True, validate=_check_day)


class GrantEntrySchema(RoleSchema):
    """That a role was granted, revoked, or ended with its term; nobody did what the calendar did."""

    action = fields.String(validate=validate.OneOf([GRANTED, REVOKED, ENDED]))
    by = fields.String(allow_none=True)
    at = Moment()
    reason = fields.String(allow_none=True)


class RecordSchema(Schema):
    """The record of a member's roles, whole, newest first."""

    items = fields.List(fields.Nested(GrantEntrySchema))
    next = fields.String(allow_none=True)


class EnrolSchema(Schema):
    """A member entered by staff."""

    phone = _phone(required=True)
    name = PlainText(required=True, most=40)
    roles = fields.List(fields.Nested(RoleSchema), load_default=list, validate=validate.Length(max=20))
    home_area = AreaCode(load_default=None)


class DescribeSchema(Schema):
    """What a member may change of themselves."""

    name = PlainText(load_default=None, most=40)
    home_area = AreaCode(load_default=None)

    @validates_schema
    def changes_something(self, data: dict[str, str | None], **_: object) -> None:
        """A change of nothing would still be told to every service."""
        if not any(data.values()):
            raise ValidationError("Nothing to change.")


class MemberSchema(Schema):
    """A member. `roles` are held now; `upcoming` are granted, and their term begins later."""

    id = fields.String()
    name = fields.String(allow_none=True)
    phone_masked = fields.String()
    roles = fields.List(fields.Nested(RoleSchema))
    upcoming = fields.List(fields.Nested(RoleSchema))
    home_area = fields.String(allow_none=True)
    version = fields.Integer()


class MemberQuery(PageQuery):
    """Which members to list. `role`: who holds it anywhere, or is to."""

    area = AreaCode(load_default=None)
    role = fields.String(load_default=None, validate=validate.OneOf(ROLES))


class MemberPageSchema(Schema):
    """A page of members."""

    items = fields.List(fields.Nested(MemberSchema))
    next = fields.String(allow_none=True)
