"""Statements over HTTP."""

from typing import Any

from flask import Response, jsonify, request, stream_with_context

from chassis.http import access, problems
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from chassis.spreadsheets import CSV, XLSX, csv_lines, xlsx
from services.points.statements import schemas
from services.points.statements.domain import COLUMNS
from services.points.statements.queries import StatementQueries

_JSON = "application/json"
_ENDINGS = {CSV: "csv", XLSX: "xlsx"}


def blueprint(queries: StatementQueries) -> Blueprint:
    """The route `/v1/accounts/{account}/statement`."""
    routes = Blueprint("statements", __name__, url_prefix="/v1/accounts", description="Statements of account")

    @routes.route("/<account>/statement", methods=["GET"])
    @routes.arguments(schemas.StatementQuery, location="query")
    @routes.sends(200, (CSV, XLSX), schemas.StatementSchema)
    @access.signed_in
    def statement(query: dict[str, Any], account: str) -> Response:
        """List what was posted to an account; by `Accept` the whole period as CSV or XLSX, oldest first."""
        kind = request.accept_mimetypes.best_match([_JSON, CSV, XLSX], _JSON)
        if kind == _JSON:
            page = queries.page(account, actor(), **query)
            return jsonify(schemas.StatementSchema().dump(page))
        language = problems.language()
        rows = queries.rows(account, actor(), query["since"], query["until"], language)
        write = csv_lines if kind == CSV else xlsx
        name = f"statement-{account.replace(':', '-')}.{_ENDINGS[kind]}"
        return Response(
            stream_with_context(write(COLUMNS[language], rows)),
            content_type=f"{CSV}; charset=utf-8" if kind == CSV else XLSX,
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"},
        )

    return routes
