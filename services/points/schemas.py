"""What comes in to and goes out of the ledger."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis.fields import AreaCode, Formed, Moment, PageQuery, PlainText
from chassis.subscriptions import FactSchema
from services.points.domain import ACCOUNT_PATTERN, BY_HAND, MAX_AMOUNT, MAX_LEGS, MIN_LEGS, UNITS
from services.points.donations.effects import RULES as DONATION_RULES
from services.points.funds.domain import ALLOCATED, DEPOSITED, RETURNED
from services.points.holds.domain import CAPTURED
from services.points.lots.domain import EXPIRED
from services.points.reversal import RECOVERED, REVERSED
from services.points.shop.effects import PAID

RULES = (
    BY_HAND,
    REVERSED,
    RECOVERED,
    CAPTURED,
    EXPIRED,
    DEPOSITED,
    ALLOCATED,
    RETURNED,
    PAID,
    *DONATION_RULES.values(),
    "time-bank.settled",
    "time-bank.gifted",
    "time-bank.converted",
)
"""Everything that is posted is posted by one of these, or by a rule of earning."""
RULE_PATTERN = "[a-z]+(-[a-z]+)*([.][a-z][a-z0-9_-]{0,39}){1,3}"


class AccountName(Formed):
    """A member's id, or `kind:` and what it is the account of."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ACCOUNT_PATTERN, "Not the name of an account.", **kwargs)


class Amount(fields.Integer):
    """A whole number of a unit: no fraction, no text, no `true`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return int(super()._validated(value))


class BalanceSchema(Schema):
    """A balance in one unit; available = posted − held."""

    posted = fields.Integer()
    held = fields.Integer()
    available = fields.Integer()


class ExpiringSchema(Schema):
    """An amount that is gone after the day `on` (in Shanghai), unless it is spent before."""

    unit = fields.String(validate=validate.OneOf(UNITS))
    amount = fields.Integer()
    on = fields.Date()


class AccountSchema(Schema):
    """An account; `minutes` are of service.

    What was ever earned by verified work is `lifetime_points` and `lifetime_minutes`; `stars` follow from
    the latter, `tier` from the former; spending does not touch them. `recovery_due` is what is owed of gains
    that were taken back. `expiring` is what of the available amounts expires, as of now, the next first.
    In every unit nothing is taken that would leave less available than `floor`, and nothing posted that would
    make it more than `ceiling`; both are null where an account only gathers, and as of another time.
    """

    id = fields.String()
    status = fields.String(validate=validate.OneOf(["open", "frozen"]))
    floor = fields.Integer(allow_none=True)
    ceiling = fields.Integer(allow_none=True)
    points = fields.Nested(BalanceSchema)
    minutes = fields.Nested(BalanceSchema)
    fen = fields.Nested(BalanceSchema)
    lifetime_points = fields.Integer()
    lifetime_minutes = fields.Integer()
    recovery_due = fields.Dict(keys=fields.String(), values=fields.Integer())
    expiring = fields.List(fields.Nested(ExpiringSchema))
    stars = fields.Integer()
    tier = fields.Integer()


class AccountQuery(Schema):
    """The balances at a time: `effective_at` as the books count, `known_at` as they stood then."""

    effective_at = Moment(load_default=None)
    known_at = Moment(load_default=None)


class LegOrderSchema(Schema):
    """A leg to be posted."""

    account = AccountName(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(UNITS))
    amount = Amount(required=True, validate=validate.Range(-MAX_AMOUNT, MAX_AMOUNT))


class PostingOrderSchema(Schema):
    """A posting by hand: legs that sum to zero in each unit, and why."""

    memo = PlainText(required=True, most=200)
    legs = fields.List(
        fields.Nested(LegOrderSchema), required=True, validate=validate.Length(MIN_LEGS, MAX_LEGS)
    )
    effective_at = Moment(load_default=None)


class ReversalOrderSchema(Schema):
    """Why a posting is taken back, and which part of it: legs as it has them, or all where none are named.

    The legs of each unit sum to zero; with them, `Idempotency-Key` must be sent.
    """

    reason = PlainText(required=True, most=200)
    legs = fields.List(
        fields.Nested(LegOrderSchema), load_default=None, validate=validate.Length(MIN_LEGS, MAX_LEGS)
    )


class LegSchema(Schema):
    """A leg of a posting."""

    account = fields.String()
    unit = fields.String()
    amount = fields.Integer()


class PostingSchema(Schema):
    """A posting; `cause` is the issue, activity, duty or attendance it rests on."""

    id = fields.String()
    key = fields.String()
    rule = fields.String()
    rule_version = fields.Integer()
    cause = fields.String()
    area = fields.String()
    legs = fields.List(fields.Nested(LegSchema))
    posted_at = Moment()
    effective_at = Moment()
    memo = fields.String(allow_none=True)
    reverses = fields.String(allow_none=True)


class BookedLegSchema(LegSchema):
    """A leg in the books; `lots` says until which days its amount is good, where any of it expires."""

    lots = fields.Dict(keys=fields.String(), values=fields.Integer())


class BookedSchema(PostingSchema):
    """A posting in the books."""

    legs = fields.List(fields.Nested(BookedLegSchema))


class PostingPageSchema(Schema):
    """A page of postings."""

    items = fields.List(fields.Nested(BookedSchema))
    next = fields.String(allow_none=True)


class PostingQuery(PageQuery):
    """Which postings to list."""

    area = AreaCode(load_default=None)
    rule = Formed(RULE_PATTERN, "Not the code of a rule.", load_default=None)


class RoleFact(FactSchema):
    """A role on an area."""

    role = fields.String(required=True)
    area = fields.String(required=True)


class MemberChangedFact(FactSchema):
    """What this service needs of `member.changed.v1`: that there is such a member, and their roles."""

    roles = fields.List(fields.Nested(RoleFact), required=True)
