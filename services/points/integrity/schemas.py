"""What comes in to and goes out of the ledger's proof."""

from marshmallow import Schema, fields

from chassis.fields import Formed, PlainText


class VerificationQuery(Schema):
    """`known`: a head of the chain that was kept, to hear whether the chain still contains it."""

    known = Formed("[0-9a-f]{64}", "Not a hash of the chain.", load_default=None)


class VerificationSchema(Schema):
    """The proof: what the ledger has, sums per unit (all zero), and what is wrong (nothing).

    Of each kind of fault the first hundred are named: postings that were `edited`, `deleted`, put in past the
    sealing (`unsealed`) or are `unbalanced`; accounts whose balance or lots are `differing` from the journal,
    or that are `out_of_bounds`, below their floor or above their ceiling; pages of the chain that are
    `broken`; whether the chain was `shortened`. What is `waiting` is about to be sealed.
    """

    postings = fields.Integer()
    sums = fields.Dict(keys=fields.String(), values=fields.Integer())
    accounts = fields.Integer()
    sealed = fields.Integer()
    waiting = fields.Integer()
    head = fields.String()
    contains_known = fields.Boolean(allow_none=True)
    edited = fields.List(fields.String())
    deleted = fields.List(fields.String())
    unsealed = fields.List(fields.String())
    unbalanced = fields.List(fields.String())
    differing = fields.List(fields.String())
    out_of_bounds = fields.List(fields.String())
    broken_pages = fields.List(fields.Integer())
    shortened = fields.Boolean()
    faults = fields.Integer()
    sound = fields.Boolean()


class RestorationSchema(Schema):
    """Why an account is set to what the journal makes it."""

    reason = PlainText(required=True, most=200)
