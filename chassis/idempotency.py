"""`Idempotency-Key` on POST: the same member's same request again gets the first answer again, and acts once.

The claim of a key reserves the identifier that the request will give to what it creates. A process that
dies between its write and its answer therefore leaves nothing to be done twice: the repeat, allowed when
the claim's lock has run out, meets its own document under the reserved identifier.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import orjson
from flask import Flask, Response, current_app, g, request
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from chassis import logs
from chassis.clock import new_ulid, utc_now
from chassis.errors import Conflict, Invalid, KeyReused
from chassis.mongo import Document, Mongo

COLLECTION = "idempotency_keys"
_LOCK = timedelta(seconds=30)
_KEEP = timedelta(hours=24)
_MAX_KEY = 200
_UNTRACKED = "idempotency_untracked"
View = TypeVar("View", bound=Callable[..., object])
log = logs.get()


def new_id() -> str:
    """The identifier for what the present request creates (the reserved one when the caller sent a key)."""
    reserved: str | None = g.get("reserved_id")
    return reserved or new_ulid()


def keep_without(*names: str) -> None:
    """Leave members of the present JSON answer out of what is kept of it: in a repeat they are null."""
    g.not_kept = names


def required_key() -> str:
    """The present request's key. Raises Invalid where the caller sent none."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        raise Invalid(
            "Idempotency-Key",
            zh="此操作须带幂等键。",
            en="This needs an Idempotency-Key.",
        )
    return key


def untracked(view: View) -> View:
    """Keep no record of a view's requests, not even a hash of their bodies.

    For what must leave no trace, and for what knows its keys for ever by itself: there a record of a day
    would cost two writes and add nothing.
    """
    setattr(view, _UNTRACKED, True)
    return view


def ensure_indexes(mongo: Mongo) -> None:
    """Keys are forgotten after a day."""
    mongo[COLLECTION].create_index("expires_at", expireAfterSeconds=0)


def register(app: Flask, mongo: Mongo) -> None:
    """Honour the header on every POST of a signed-in member."""
    app.before_request(lambda: _before(mongo))
    app.after_request(lambda response: _after(mongo, response))


def _before(mongo: Mongo) -> Response | None:
    key = request.headers.get("Idempotency-Key")
    # Behind the gateway all who are not signed in have one address, so that their keys would be one
    # another's; and what they are given are tokens, which are not kept.
    if key is None or request.method != "POST" or request.endpoint is None or "actor" not in g:
        return None
    if not key or len(key) > _MAX_KEY or not key.isprintable():
        raise Invalid(
            "Idempotency-Key", zh="幂等键须为 1 至 200 个字符。", en="Use 1 to 200 printable characters."
        )
    if getattr(current_app.view_functions[request.endpoint], _UNTRACKED, False):
        return None
    claim_id = f"{g.actor.member_id} {request.path} {key}"
    claim = {
        "_id": claim_id,
        "body": _body_hash(),
        "state": "in flight",
        "reserved_id": new_ulid(),
        "locked_until": utc_now() + _LOCK,
        "expires_at": utc_now() + _KEEP,
    }
    try:
        mongo[COLLECTION].insert_one(claim)
    except DuplicateKeyError:
        return _again(mongo, claim)
    g.claim_id, g.reserved_id = claim_id, claim["reserved_id"]
    return None


def _body_hash() -> str:
    # A multipart body is streamed to its parser and not read twice; its length stands for it.
    is_form = (request.mimetype or "").startswith("multipart/")
    body = str(request.content_length).encode() if is_form else request.get_data(cache=True)
    # A query says what the body means; without one it is the body alone.
    return hashlib.sha256(request.query_string + body).hexdigest()


def _again(mongo: Mongo, claim: Document) -> Response | None:
    first = mongo[COLLECTION].find_one({"_id": claim["_id"]})
    if first is None:
        raise _in_flight()
    if first["body"] != claim["body"]:
        raise KeyReused
    if first["state"] == "answered":
        answer = Response(first["answer"], first["status"], content_type=first["content_type"])
        answer.headers["Idempotent-Replayed"] = "true"
        for name, value in first.get("headers", {}).items():
            answer.headers[name] = value
        return answer
    taken = mongo[COLLECTION].update_one(
        {"_id": claim["_id"], "locked_until": {"$lte": utc_now(), "$eq": first["locked_until"]}},
        {"$set": {"locked_until": claim["locked_until"]}},
    )
    if not taken.modified_count:
        raise _in_flight()
    g.claim_id, g.reserved_id = claim["_id"], first["reserved_id"]
    return None


def _in_flight() -> Conflict:
    return Conflict(
        "in-flight",
        zh="相同的请求正在处理，请稍后重试。",
        en="The same request is being carried out: try again in a moment.",
        retry_after=1,
    )


def _after(mongo: Mongo, response: Response) -> Response:
    claim_id = g.pop("claim_id", None)
    if claim_id is None:
        return response
    try:
        _conclude(mongo[COLLECTION], claim_id, response)
    except PyMongoError as error:
        # The answer stands. The same request again will wait for the lock and meet what this one stored.
        log.warning("idempotency.claim-left", reason=str(error)[:200])
    return response


def _conclude(claims: Collection[Document], claim_id: str, response: Response) -> None:
    """Keep a success to be answered again; let a refusal go; leave an unknown outcome to the next try.

    A failure (5xx) may come from a database that stored the write and died before it said so. The claim
    and the identifier it reserves therefore stay, and only the lock is lifted.
    """
    if response.status_code >= 500:
        claims.update_one({"_id": claim_id}, {"$set": {"locked_until": utc_now()}})
    elif response.status_code >= 300 or response.is_streamed:
        claims.delete_one({"_id": claim_id})
    else:
        kept = {name: response.headers[name] for name in ("ETag", "Location") if name in response.headers}
        answer = {
            "state": "answered",
            "status": response.status_code,
            "answer": _without(response.get_data(), g.pop("not_kept", ())),
            "content_type": response.content_type,
            "headers": kept,
        }
        claims.update_one({"_id": claim_id}, {"$set": answer})


def _without(answer: bytes, names: Sequence[str]) -> bytes:
    return orjson.dumps({**orjson.loads(answer), **dict.fromkeys(names)}) if names else answer
