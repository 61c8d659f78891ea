"""Places at the edge: a request says in which datum it gives and wants them, where its route knows places."""

from typing import Any

import pytest
from flask import Response, stream_with_context
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from werkzeug.test import TestResponse

from chassis.fields import DocumentSchema
from chassis.geography import read_boundary
from chassis.http import access, app
from chassis.http.blueprint import Blueprint
from chassis.identity import TokenVerifier
from chassis.mongo import Mongo
from chassis.places import Boundary, Place, PointQuery, as_kept
from demo.district import boundary
from infra.local.secrets import Secrets

WGS84 = {"lng": 117.205, "lat": 39.125}
GCJ02 = {"lng": 117.211297, "lat": 39.1260247}
OUTLINE = boundary("120199001001001")


class Benches(Schema):
    """Where benches stand."""

    at = Place(required=True)
    around = Boundary(load_default=None, allow_none=True)


class Shown(DocumentSchema):
    """A bench."""

    at = Place(allow_none=True)
    around = Boundary(allow_none=True)


class Search(PointQuery):
    """Where to look for a bench."""

    colour = fields.String(load_default="green")


class Park:
    """Keeps what came in as it is kept, and shows it again."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def blueprint(self) -> Blueprint:
        """Routes that take and give places, and one that does not."""
        routes = Blueprint("benches", __name__, url_prefix="/v1/benches")

        @routes.route("", methods=["POST"])
        @routes.arguments(Benches)
        @routes.response(201, Shown)
        @routes.places
        @access.public
        def put(body: dict[str, Any]) -> dict[str, Any]:
            around = body["around"]
            self.kept = {**body, "around": None if around is None else read_boundary(around, as_kept)}
            return self.kept

        @routes.route("", methods=["GET"])
        @routes.arguments(Search, location="query")
        @routes.places
        @access.public
        def find(query: dict[str, Any]) -> Response:
            self.kept = query
            rows = (Shown().dump({"at": WGS84})["at"] for _ in range(2))
            lines = (f"{one['lng']},{one['lat']}\n" for one in rows)
            return Response(stream_with_context(lines), content_type="text/csv")

        @routes.route("/colours", methods=["GET"])
        @routes.response(200, Shown)
        @access.public
        def colours() -> dict[str, Any]:
            return {"at": WGS84}

        return routes


@pytest.fixture
def park() -> Park:
    return Park()


@pytest.fixture
def client(park: Park) -> FlaskClient:
    service = app.ServiceApp(name="benches", title="Benches", blueprints=[park.blueprint()])
    verifier = TokenVerifier(Secrets.new().jwks())
    return app.make(service, Mongo("mongodb://127.0.0.1:1", "none"), verifier).test_client()


def near(point: dict[str, float]) -> dict[str, Any]:
    return {name: pytest.approx(point[name], abs=1e-6) for name in ("lng", "lat")}


def body_of(answer: TestResponse) -> Any:
    return answer.get_json()


def test_what_is_given_in_gcj_02_is_kept_in_wgs_84_and_comes_back_as_it_was_sent(
    client: FlaskClient, park: Park
) -> None:
    answer = client.post("/v1/benches?crs=gcj02", json={"at": GCJ02})
    assert answer.status_code == 201
    assert body_of(answer)["at"] == GCJ02
    assert park.kept["at"] == near(WGS84)


@pytest.mark.parametrize("query", ["", "?crs=wgs84"])
def test_without_a_datum_or_with_the_usual_one_nothing_is_moved(
    client: FlaskClient, park: Park, query: str
) -> None:
    sent = {"at": {"lng": 117.20512345678, "lat": 39.1}, "around": OUTLINE}
    assert client.post(f"/v1/benches{query}", json=sent).json == sent
    assert park.kept == sent


def test_the_datum_of_one_request_is_not_that_of_the_next(client: FlaskClient, park: Park) -> None:
    client.post("/v1/benches?crs=gcj02", json={"at": GCJ02})
    assert body_of(client.post("/v1/benches", json={"at": GCJ02}))["at"] == GCJ02
    assert park.kept["at"] == GCJ02


def test_the_corners_of_a_boundary_are_moved_and_come_back_as_they_were_sent(
    client: FlaskClient, park: Park
) -> None:
    answer = client.post("/v1/benches?crs=gcj02", json={"at": GCJ02, "around": OUTLINE})
    assert body_of(answer)["around"] == OUTLINE
    for kept, sent in zip(park.kept["around"]["coordinates"][0], OUTLINE["coordinates"][0], strict=True):
        assert 0.0055 < sent[0] - kept[0] < 0.007
        assert 0.0005 < sent[1] - kept[1] < 0.0015


def test_a_boundary_that_is_none_is_refused_in_either_datum(client: FlaskClient) -> None:
    for around in ({}, {"type": "Polygon", "coordinates": [[[1], [2], [3], [1]]]}, {"type": "Point"}):
        for query in ("", "?crs=gcj02"):
            answer = client.post(f"/v1/benches{query}", json={"at": GCJ02, "around": around})
            assert answer.status_code == 422, around
            assert "boundary" in body_of(answer)["errors"]


def test_a_point_of_the_query_is_moved_and_the_rest_of_it_is_read_as_ever(
    client: FlaskClient, park: Park
) -> None:
    answer = client.get("/v1/benches", query_string={**GCJ02, "crs": "gcj02", "colour": "red"})
    assert answer.status_code == 200
    assert park.kept == {**near(WGS84), "colour": "red"}
    unknown = client.get("/v1/benches", query_string={**GCJ02, "crs": "gcj02", "size": "1"})
    assert unknown.status_code == 422
    assert list(body_of(unknown)["errors"]) == ["size"]


def test_what_is_streamed_is_in_the_datum_of_its_request_to_the_last_line(client: FlaskClient) -> None:
    answer = client.get("/v1/benches", query_string={**GCJ02, "crs": "gcj02"})
    assert answer.text == f"{GCJ02['lng']},{GCJ02['lat']}\n" * 2
    plain = client.get("/v1/benches", query_string=WGS84)
    assert plain.text == f"{WGS84['lng']},{WGS84['lat']}\n" * 2


@pytest.mark.parametrize("crs", ["bd09", "", "GCJ02", "wgs84,gcj02"])
def test_a_datum_that_is_none_is_refused_by_name_in_the_callers_language(
    client: FlaskClient, park: Park, crs: str
) -> None:
    for language, text in (("en", "Must be one of: wgs84, gcj02."), ("zh", "须为以下之一：wgs84, gcj02。")):
        headers = {"Accept-Language": language}
        answer = client.post("/v1/benches", query_string={"crs": crs}, json={"at": GCJ02}, headers=headers)
        assert answer.status_code == 422
        assert body_of(answer)["errors"] == {"crs": [text]}
    assert park.kept == {}


def test_where_no_places_are_known_the_datum_is_an_unknown_field(client: FlaskClient) -> None:
    answer = client.get("/v1/benches/colours?crs=gcj02")
    assert answer.status_code == 422
    assert list(body_of(answer)["errors"]) == ["crs"]


def test_outside_of_a_request_places_are_wgs_84() -> None:
    assert Shown().dump({"at": WGS84, "around": OUTLINE}) == {"at": WGS84, "around": OUTLINE}
    assert Shown().dump({"at": None, "around": None}) == {"at": None, "around": None}
