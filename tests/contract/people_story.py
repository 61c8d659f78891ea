"""The story of people for the answers: signing in, members, their roles and record, look-ups, areas."""

from collections.abc import Callable

import requests

from demo.client import Api
from demo.district import COMMUNITY_A, RESIDENTS_OF_A, District, centre, grids

Call = Callable[..., requests.Response]
GRID = grids(COMMUNITY_A)[1]


def people_and_areas(call: Call, api: Api, district: District) -> None:
    """Signing in, members, their roles and the map."""
    admin, resident = district.admin, district.person(RESIDENTS_OF_A[10])
    phone = "13900008888"
    code = call(None, "POST", "/v1/auth/codes", json={"phone": phone}).json()["dev_code"]
    call(None, "POST", "/v1/auth/tokens", json={"grant": "code", "phone": phone, "code": code})
    call(None, "GET", "/v1/auth/jwks.json")
    call(resident, "GET", "/v1/me")
    call(resident, "PATCH", "/v1/me", json={"name": "王阿姨"})
    call(admin, "GET", "/v1/members", params={"role": "steward"})
    entered = {"phone": "13900008889", "name": "李师傅", "roles": [{"role": "steward", "area": GRID}]}
    member = call(admin, "POST", "/v1/members", json=entered).json()["id"]
    given = {"role": "team_leader", "area": COMMUNITY_A, "from": "2199-01-01", "until": "2199-12-31"}
    upcoming = call(admin, "POST", "/v1/members/{member_id}/grants", member, json=given).json()["upcoming"]
    assert upcoming == [given]
    taken = {"role": "team_leader", "area": COMMUNITY_A, "reason": "另有安排"}
    revocations = "/v1/members/{member_id}/grants/revocations"
    for _ in range(2):
        assert call(admin, "POST", revocations, member, json=taken).json()["upcoming"] == []
    later = {"role": "steward", "area": GRID, "reason": "年底离任", "until": "2199-12-31"}
    (held,) = call(admin, "POST", revocations, member, json=later).json()["roles"][1:]
    assert held["until"] == "2199-12-31"
    lines = call(admin, "GET", "/v1/members/{member_id}/grants", member).json()["items"]
    assert [one["action"] for one in lines] == ["revoked", "revoked", "granted", "granted"]
    why = {"reason": "核实地址信息", "subject": "20261124-ABC123"}
    call(admin, "POST", "/v1/members/{member_id}/contact-views", member, json=why)
    call(admin, "GET", "/v1/contact-views")
    leaving = api.sign_in(phone)
    call(leaving, "GET", "/v1/me/contact-views")
    call(leaving, "GET", "/v1/me/export")
    call(leaving, "POST", "/v1/me/erasure", json={"confirm": True})
    call(None, "GET", "/v1/areas", params={"area": COMMUNITY_A})
    call(None, "GET", "/v1/areas/locate", params=centre(GRID))
    call(admin, "POST", "/v1/areas", json={"code": f"{COMMUNITY_A}099", "name": "无边界网格"})
