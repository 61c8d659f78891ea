"""Who may call a route. Every view declares one rule; an application with an undeclared view won't start.

These rules are the first door only: whether the actor may touch *this* object is decided by the domain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, g, request

from chassis.errors import NotAllowed, Unauthenticated
from chassis.identity import Actor, TokenVerifier

View = TypeVar("View", bound=Callable[..., object])
_ATTRIBUTE = "access_rule"


@dataclass(frozen=True)
class AccessRule:
    """Whether a token is needed and which roles, held anywhere, open the door (none named: any member)."""

    public: bool = False
    roles: frozenset[str] = frozenset()


def public(view: View) -> View:
    """Anybody may call this. A token, where one is sent, is still verified."""
    return _declare(view, AccessRule(public=True))


def signed_in(view: View) -> View:
    """Any signed-in member may call this."""
    return _declare(view, AccessRule())


def roles(*names: str) -> Callable[[View], View]:
    """Only members with one of these roles, somewhere in the district, may call this."""
    return lambda view: _declare(view, AccessRule(roles=frozenset(names)))


def _declare(view: View, rule: AccessRule) -> View:
    setattr(view, _ATTRIBUTE, rule)
    return view


def rule_of(app: Flask, endpoint: str) -> AccessRule | None:
    """The rule that an endpoint's view declares."""
    return getattr(app.view_functions[endpoint], _ATTRIBUTE, None)


def actor() -> Actor:
    """The actor of the present request. Raises Unauthenticated on a public route without a token."""
    current: Actor | None = g.get("actor")
    if current is None:
        raise Unauthenticated("sign-in-needed", zh="请先登录。", en="Sign in first.")
    return current


def guard(app: Flask, verifier: TokenVerifier) -> None:
    """Check the rules before every request. Call when all routes are registered."""
    undeclared = [name for name in app.view_functions if rule_of(app, name) is None]
    if undeclared:
        raise RuntimeError(f"routes without an access rule: {', '.join(sorted(undeclared))}")
    app.before_request(lambda: _check(app, verifier))


def _check(app: Flask, verifier: TokenVerifier) -> None:
    endpoint = request.endpoint
    if endpoint is None:
        return
    rule = rule_of(app, endpoint)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        g.actor = verifier.actor(token)
    if rule is None or rule.public:
        return
    current = actor()
    if rule.roles and not (rule.roles & current.roles):
        raise NotAllowed(
            "role-needed",
            zh="您的角色不能进行此操作。",
            en=f"This needs one of the roles: {', '.join(sorted(rule.roles))}.",
            roles=sorted(rule.roles),
        )
