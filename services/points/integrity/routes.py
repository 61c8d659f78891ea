"""The ledger's proof over HTTP."""

from typing import Any

from chassis.clock import Clock
from chassis.http import access
from chassis.http.access import actor
from chassis.http.blueprint import Blueprint
from services.points.integrity import commands, schemas
from services.points.integrity.store import SealStore


def blueprint(store: SealStore, clock: Clock, district: str) -> Blueprint:
    """The routes that prove the ledger and restore what has drifted."""
    routes = Blueprint("integrity", __name__, url_prefix="/v1/ledger", description="The ledger's proof")

    @routes.route("/verification", methods=["GET"])
    @routes.arguments(schemas.VerificationQuery, location="query")
    @routes.response(200, schemas.VerificationSchema)
    @access.roles("community_staff", "subdistrict_staff", "district_admin", "operator")
    def verification(query: dict[str, Any]) -> Any:
        """Prove that the ledger is as it was written, and adds up."""
        known = bytes.fromhex(query["known"]) if query["known"] else None
        return commands.told(commands.verify(store, clock, district, known))

    @routes.route("/restorations/<account>", methods=["PUT"])
    @routes.arguments(schemas.RestorationSchema)
    @routes.response(204)
    @access.roles("district_admin")
    def restore(body: dict[str, Any], account: str) -> None:
        """Set a balance to what the journal and the open holds make it, and open the account again."""
        commands.restore(store, clock, actor(), account=account, reason=body["reason"])

    return routes
