"""Issues over HTTP."""

from typing import Any

from flask import Response, jsonify

from chassis.clock import Clock
from chassis.geography import AreaFinder
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint, expected_version
from chassis.idempotency import new_id
from services.issues.cases import commands, schemas
from services.issues.cases.commands import Photos, Quotas, Rules
from services.issues.cases.issue import Details, Rating
from services.issues.cases.queries import CaseQueries
from services.issues.cases.store import CaseStore
from services.issues.duplicates import commands as merging


def blueprint(
    store: CaseStore,
    rules: Rules,
    queries: CaseQueries,
    places: AreaFinder,
    photos: Photos,
    clock: Clock,
    quotas: Quotas,
    reports_per_hour: int,
) -> Blueprint:
    """The routes under `/v1/issues`."""
    routes = Blueprint("issues", __name__, url_prefix="/v1/issues", description="Residents' issues")
    outward = schemas.IssueSchema()

    def shown(issue_id: str, status: int = 200) -> Response:
        """The issue as the caller may see it, with its version as ETag."""
        document = queries.one(issue_id, actor())
        response = jsonify(outward.dump(document))
        response.status_code = status
        response.headers["ETag"] = f'"{document["version"]}"'
        if status == 201:
            response.headers["Location"] = f"/v1/issues/{issue_id}"
        return response

    @routes.route("", methods=["POST"])
    @routes.arguments(schemas.ReportSchema)
    @routes.answers(201, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def report(body: dict[str, Any]) -> Response:
        """Report a problem; the grid comes from the location."""
        new, by = new_id(), actor()
        with commands.within_quota(quotas, clock, by, issue_id=new, most=reports_per_hour):
            issue = commands.report_issue(store, rules, places, photos, clock, by, issue_id=new, **body)
        fresh = queries.view({**vars(issue), "_id": issue.id}, by)
        response = jsonify(outward.dump(fresh))
        response.status_code = 201
        response.headers["ETag"] = f'"{issue.version}"'
        response.headers["Location"] = f"/v1/issues/{issue.id}"
        return response

    @routes.route("/<issue_id>", methods=["GET"])
    @routes.answers(200, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def one(issue_id: str) -> Response:
        """Show an issue."""
        return shown(issue_id)

    @routes.route("/<issue_id>/history", methods=["GET"])
    @routes.response(200, schemas.HistorySchema)
    @access.signed_in
    def history(issue_id: str) -> dict[str, Any]:
        """Show what was done and when; by whom and why, to those it concerns."""
        return {"items": queries.history(issue_id, actor()), "next": None}

    @routes.route("/<issue_id>/history/verification", methods=["GET"])
    @routes.arguments(schemas.VerificationQuery, location="query")
    @routes.response(200, schemas.HistoryVerificationSchema)
    @access.signed_in
    def verification(query: dict[str, Any], issue_id: str) -> dict[str, Any]:
        """Hold the history against its hashes."""
        return queries.verification(issue_id, query["known"])

    @routes.route("/<issue_id>/transitions", methods=["POST"])
    @routes.arguments(schemas.TransitionSchema)
    @routes.answers(200, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def transition(body: dict[str, Any], issue_id: str) -> Response:
        """Carry out an action of the workflow; `If-Match` or `version` guards against races."""
        version = expected_version(body.pop("version"))
        action = body.pop("action")
        details = Details(**{**body, "media": tuple(body["media"])})
        merging.act(
            store,
            rules,
            places,
            photos,
            clock,
            actor(),
            issue_id=issue_id,
            action=action,
            details=details,
            request_id=new_id(),
            expected_version=version,
        )
        return shown(issue_id)

    @routes.route("/<issue_id>/comments", methods=["POST"])
    @routes.arguments(schemas.CommentSchema)
    @routes.answers(201, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def comment(body: dict[str, Any], issue_id: str) -> Response:
        """Add a remark to the history; `If-Match` guards against races."""
        commands.comment(
            store,
            clock,
            actor(),
            issue_id=issue_id,
            text=body["text"],
            request_id=new_id(),
            expected_version=expected_version(),
        )
        return shown(issue_id, 201)

    @routes.route("/<issue_id>/ratings", methods=["POST"])
    @routes.arguments(schemas.RatingSchema)
    @routes.answers(201, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def rate(body: dict[str, Any], issue_id: str) -> Response:
        """Rate how the issue was handled; `If-Match` guards against races."""
        rating, version = Rating(**body), expected_version()
        commands.rate(store, clock, actor(), issue_id=issue_id, rating=rating, expected_version=version)
        return shown(issue_id, 201)

    @routes.route("/<issue_id>/feedback", methods=["POST"])
    @routes.arguments(schemas.FeedbackSchema)
    @routes.answers(201, schemas.IssueSchema)
    @routes.places
    @access.signed_in
    def feedback(body: dict[str, Any], issue_id: str) -> Response:
        """Answer whether it is solved: yes confirms it, partly and no return it; `If-Match` guards."""
        version = expected_version()
        commands.answer(store, rules, clock, actor(), issue_id=issue_id, expected_version=version, **body)
        return shown(issue_id, 201)

    return routes


def feedback_blueprint(store: CaseStore, rules: Rules, clock: Clock, key: str) -> Blueprint:
    """The route of links that answer without signing in."""
    routes = Blueprint("feedback", __name__, url_prefix="/v1/feedback", description="Feedback by link")

    @routes.route("/<issue_id>/<signature>", methods=["POST"])
    @routes.arguments(schemas.FeedbackSchema)
    @routes.response(204)
    @access.public
    def by_link(body: dict[str, Any], issue_id: str, signature: str) -> None:
        """Answer whether the issue is solved, by the link that the reporter was sent."""
        commands.answer(store, rules, clock, None, issue_id=issue_id, signature=(signature, key), **body)

    return routes
