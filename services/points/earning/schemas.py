"""What comes in to earning: the facts that are paid for."""

from marshmallow import fields

from chassis.subscriptions import FactSchema


class IssueFact(FactSchema):
    """What this service needs of an issue's events."""

    reporter = fields.String(required=True, allow_none=True)
    assignee = fields.String(required=True, allow_none=True)
    resolver = fields.String(required=True, allow_none=True)
    photos = fields.Integer(required=True)


class ActivityVerifiedFact(FactSchema):
    """What this service needs of `activity.verified.v1`."""

    member = fields.String(required=True)
    minutes = fields.Integer(required=True)
    photos = fields.Integer(required=True)
