"""What comes in to and goes out of donations. Amounts and values are in fen."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.fields import ULID_PATTERN, AreaCode, Flag, Formed, Moment, PageQuery, PlainText
from services.points.donations.domain import WORKFLOW
from services.points.donations.donation import Kind, Listing, Status
from services.points.funds.domain import MAX_DEPOSIT
from services.points.schemas import Amount
from services.points.shop import schemas as shop
from services.points.shop.item import MAX_QUANTITY, MAX_STOCK

TARGET_PATTERN = f"(fund:[0-9]{{12}}|project:{ULID_PATTERN})"
_STATUSES = [one.value for one in Status]


def _fen(**options: Any) -> Amount:
    return Amount(validate=validate.Range(1, MAX_DEPOSIT), **options)


class OfferSchema(Schema):
    """What is given: `goods`, or `money` (its amount is the `value`).

    `donor_name` is for the shop keeper, who records what somebody gives who is no member. Donors are shown
    to others only where they do not want to be `anonymous`.
    """

    area = AreaCode(required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    what = PlainText(required=True, most=500)
    value = _fen(load_default=None)
    donor_name = PlainText(load_default=None, most=60)
    anonymous = Flag(load_default=True)


class ListingSchema(Schema):
    """How goods are offered in the shop, for points."""

    title = PlainText(required=True, most=80)
    description = PlainText(load_default="", most=2000, least=0)
    media = shop.media(load_default=list)
    price = shop.price(required=True)
    stock = Amount(required=True, validate=validate.Range(1, MAX_STOCK))
    monthly_limit = shop.monthly_limit(load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Listing:
        """As the rules know it."""
        return Listing(**{**data, "media": tuple(data["media"])})


class DonationTransitionSchema(Schema):
    """An action of the workflow.

    `value` goes with inspect and accept, `listing` with list, `amount` with sell, record_cost and allocate,
    `quantity` (of listed goods) with sell, `target` (`fund:<community>` or `project:<proposal>`) with
    allocate, `note` with all.
    """

    action = fields.String(required=True, validate=validate.OneOf(list(WORKFLOW)))
    note = PlainText(load_default=None, most=200)
    value = _fen(load_default=None)
    amount = _fen(load_default=None)
    quantity = Amount(load_default=None, validate=validate.Range(1, MAX_QUANTITY))
    listing = fields.Nested(ListingSchema, load_default=None)
    target = Formed(
        TARGET_PATTERN, "Not a fund (fund:<community>) or project (project:<id>).", load_default=None
    )
    version = shop.version()


class DonorSchema(Schema):
    """Who gave it."""

    member = fields.String(allow_none=True)
    name = fields.String(allow_none=True)
    anonymous = fields.Boolean()


class ReceiptSchema(Schema):
    """The receipt of a donation."""

    number = fields.String()
    at = Moment()
    what = fields.String()
    value = fields.Integer()


class DonationSchema(Schema):
    """A donation; `donor` is null where it is none of the caller's business, and so is the receipt."""

    id = fields.String()
    number = fields.String()
    area = fields.String()
    kind = fields.String(validate=validate.OneOf([one.value for one in Kind]))
    what = fields.String()
    value = fields.Integer(allow_none=True)
    status = fields.String(validate=validate.OneOf(_STATUSES))
    donor = fields.Nested(DonorSchema, allow_none=True)
    receipt = fields.Nested(ReceiptSchema, allow_none=True)
    item = fields.String(allow_none=True)
    account = fields.String()
    created_at = Moment()
    history = fields.List(fields.Nested(shop.EntrySchema))
    version = fields.Integer()


class DonationQuery(PageQuery):
    """Which donations to list: one's own, or those of an `area`."""

    area = AreaCode(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(_STATUSES))


class DonationPageSchema(Schema):
    """A page of donations."""

    items = fields.List(fields.Nested(DonationSchema))
    next = fields.String(allow_none=True)


class PartSchema(Schema):
    """What went to a fund or project by one posting; below zero where it came back."""

    target = fields.String()
    amount = fields.Integer()
    at = Moment()
    posting = fields.String()


class DestinationSchema(Schema):
    """What a project has, or has spent, of a donation that came to it `via` these funds (none: directly).

    `returned` it had besides, and has given back to its fund.
    """

    target = fields.String()
    via = fields.List(fields.String())
    amount = fields.Integer()
    returned = fields.Integer()


class WaitingSchema(Schema):
    """What of a donation a fund has not paid to a project yet."""

    fund = fields.String()
    amount = fields.Integer()


class ElsewhereSchema(Schema):
    """What of a donation was moved from a fund to another kind of account, by hand."""

    kind = fields.String()
    amount = fields.Integer()


class TraceSchema(Schema):
    """Where the money of a donation went: net = received − costs = allocated + unallocated.

    What was allocated is followed through the funds: it is what the `destinations` have, what is `waiting` in
    funds and what is `elsewhere`. A fund pays the money first that came to it first; a project spends it so,
    and gives back what came last.
    """

    donation = fields.String()
    number = fields.String()
    kind = fields.String(validate=validate.OneOf([one.value for one in Kind]))
    status = fields.String(validate=validate.OneOf(_STATUSES))
    received = fields.Integer()
    costs = fields.Integer()
    net = fields.Integer()
    allocated = fields.Integer()
    unallocated = fields.Integer()
    parts = fields.List(fields.Nested(PartSchema))
    destinations = fields.List(fields.Nested(DestinationSchema))
    waiting = fields.List(fields.Nested(WaitingSchema))
    elsewhere = fields.List(fields.Nested(ElsewhereSchema))
