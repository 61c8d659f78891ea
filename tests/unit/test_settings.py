"""Settings: every wrong variable is named at once, and what must not start does not."""

from dataclasses import dataclass

import pytest

from chassis.settings import Secret, ServiceSettings, SettingsError, load
from gateway.app import GatewaySettings
from infra.local.secrets import Secrets
from services.points.domain import LADDER, Ladder
from services.points.settings import PointsSettings
from services.volunteer.app import VolunteerSettings

KEYS = Secrets.new()
GOOD = {
    "MONGO_URL": "mongodb://127.0.0.1:1",
    "AMQP_URL": "amqp://guest:guest@127.0.0.1:1",
    "TOKEN_JWKS": KEYS.jwks(),
    "DISTRICT": "120199",
}
VOLUNTEER = {
    **GOOD,
    "TOKEN_SIGNING_KEY": KEYS.token_signing_key,
    "FIELD_KEY": KEYS.field_key,
    "DEV_LOGIN": "true",
}
GATEWAY = {
    "TOKEN_JWKS": KEYS.jwks(),
    **{f"{name}_URL": "http://127.0.0.1:1" for name in ("VOLUNTEER", "ISSUES", "POINTS", "NOTIFY")},
}


@dataclass(frozen=True)
class Kettle:
    """Settings of every type."""

    name: str
    litres: int
    limit: float
    whistle: bool = True
    key: Secret = Secret("default")  # noqa: RUF009 - it cannot be changed
    steps: tuple[float, ...] = (1.0,)
    colours: tuple[str, ...] = ()


def problems(environ: dict[str, str], kind: type[object] = ServiceSettings) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(kind, environ)
    return str(refused.value).split("\n")


def test_every_type_is_read() -> None:
    environ = {
        "NAME": "铜壶",
        "LITRES": "3",
        "LIMIT": "99.5",
        "WHISTLE": "off",
        "KEY": "s3cret",
        "STEPS": "0.2,1,60",
        "COLOURS": "red, green,",
        "UNRELATED": "x",
    }
    assert load(Kettle, environ) == Kettle(
        "铜壶", 3, 99.5, False, Secret("s3cret"), (0.2, 1.0, 60.0), ("red", "green")
    )


def test_what_is_not_set_has_its_default() -> None:
    assert load(Kettle, {"NAME": "a", "LITRES": "1", "LIMIT": "1"}) == Kettle("a", 1, 1.0)


def test_all_missing_and_malformed_variables_are_named_at_once() -> None:
    found = problems({"LITRES": "three", "WHISTLE": "perhaps", "STEPS": "1,,2"}, Kettle)
    assert [line.split(" ")[0] for line in found] == ["NAME", "LITRES", "LIMIT", "WHISTLE", "STEPS"]


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", "  "])
def test_a_needed_variable_that_is_empty_is_not_set(name: str, value: str) -> None:
    assert problems({**GOOD, name: value}) == [f"{name} is not set"]


@pytest.mark.parametrize("text", ["1", "true", "YES", " on "])
def test_words_for_yes(text: str) -> None:
    assert load(Kettle, {"NAME": "a", "LITRES": "1", "LIMIT": "1", "WHISTLE": text}).whistle


@pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
def test_words_for_no(text: str) -> None:
    assert not load(Kettle, {"NAME": "a", "LITRES": "1", "LIMIT": "1", "WHISTLE": text}).whistle


def test_a_secret_shows_itself_in_no_description() -> None:
    settings = load(ServiceSettings, GOOD)
    assert "guest:guest" not in repr(settings)
    assert settings.amqp_url == GOOD["AMQP_URL"]


@pytest.mark.parametrize("district", ["12019", "1201990", "district", "１２０１９９"])
def test_a_district_is_six_digits(district: str) -> None:
    (line,) = problems({**GOOD, "DISTRICT": district})
    assert line.startswith("DISTRICT is wrong")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "LOUD"),
        ("WORKER_THREADS", "0"),
        ("WORKER_NICE", "20"),
        ("WORKER_PORT", "70000"),
        ("RETRY_DELAYS", "1,-2"),
        ("RETRY_DELAYS", "nan"),
        ("RECONNECT_SECONDS", "0"),
        ("RECONNECT_SECONDS", "nan"),
        ("RECONNECT_SECONDS", "inf"),
        ("TIMER_SECONDS", "0"),
        ("TIMER_SECONDS", "nan"),
        ("ENV", "prod"),
        ("ENV", "Production"),
        ("MONGO_URL", "127.0.0.1:27017"),
        ("AMQP_URL", "http://127.0.0.1:5672"),
        ("TOKEN_JWKS", "{}"),
        ("TOKEN_JWKS", "{nonsense"),
        ("TOKEN_JWKS", "no/such/file"),
    ],
)
def test_a_value_that_would_only_fail_later_or_mean_something_else_is_refused(name: str, value: str) -> None:
    (line,) = problems({**GOOD, name: value})
    assert line.startswith(f"{name} is wrong")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_SIGNING_KEY", "short"),
        ("TOKEN_SIGNING_KEY", "A" * 42),
        ("FIELD_KEY", "*"),
        ("CODES_PER_TEN_MINUTES", "0"),
        ("SMS_GATEWAY_URL", "sms.example"),
        ("BOOTSTRAP_ADMIN_PHONE", "12345"),
    ],
)
def test_so_is_one_of_the_volunteer_service(name: str, value: str) -> None:
    (line,) = problems({**VOLUNTEER, name: value}, VolunteerSettings)
    assert line.startswith(f"{name} is wrong")


@pytest.mark.parametrize("change", [{"TOKEN_KEY_ID": "2"}, {"TOKEN_JWKS": Secrets.new().jwks()}], ids=list)
def test_so_are_keys_by_which_no_token_of_its_own_would_be_accepted(change: dict[str, str]) -> None:
    (line,) = problems({**VOLUNTEER, **change}, VolunteerSettings)
    assert line.startswith("TOKEN_JWKS is wrong")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT", "many"),
        ("RATE_LIMIT", "0/second"),
        ("LOG_LEVEL", "LOUD"),
        ("TOKEN_JWKS", "no/such/file"),
        ("NOTIFY_URL", "notify:8000"),
    ],
)
def test_and_one_of_the_gateway(name: str, value: str) -> None:
    (line,) = problems({**GATEWAY, name: value}, GatewaySettings)
    assert line.startswith(f"{name} is wrong")
    assert load(GatewaySettings, GATEWAY)


def test_stars_and_tiers_are_the_districts_own_and_the_usual_ones_where_it_says_nothing() -> None:
    assert load(PointsSettings, GOOD).ladder == LADDER
    own = load(PointsSettings, {**GOOD, "STAR_HOURS": "0.5,2", "TIER_POINTS": "3"}).ladder
    assert own == Ladder((0.5, 2.0), (3.0,))
    assert [own.stars(minutes) for minutes in (29, 30, 119, 120, 9999)] == [0, 1, 1, 2, 2]
    assert [own.tier(points) for points in (2, 3, 9999)] == [0, 1, 1]


@pytest.mark.parametrize("name", ["STAR_HOURS", "TIER_POINTS"])
@pytest.mark.parametrize("steps", ["0,100", "-1", "300,100", "100,100", "nan", "100,nan"])
def test_steps_of_stars_and_tiers_go_up(name: str, steps: str) -> None:
    (line,) = problems({**GOOD, name: steps}, PointsSettings)
    assert line.startswith(f"{name} is wrong")


def test_faults_are_refused_in_production_only() -> None:
    assert load(ServiceSettings, {**GOOD, "FAULTS": "relay.after-confirm=1"}).faults
    (line,) = problems({**GOOD, "FAULTS": "relay.after-confirm=1", "ENV": "production"})
    assert line.startswith("FAULTS is refused")


def test_sign_in_codes_in_answers_are_refused_in_production_only() -> None:
    assert load(VolunteerSettings, VOLUNTEER).dev_login
    (line,) = problems({**VOLUNTEER, "ENV": "production"}, VolunteerSettings)
    assert line.startswith("DEV_LOGIN is refused")


def test_a_deployment_in_which_nobody_could_sign_in_does_not_start() -> None:
    (line,) = problems({**VOLUNTEER, "DEV_LOGIN": "false"}, VolunteerSettings)
    assert line.startswith("SMS_GATEWAY_URL is not set")


def test_all_refused_combinations_are_named_at_once() -> None:
    wrong = {**VOLUNTEER, "ENV": "production", "FAULTS": "x=1", "DISTRICT": "12"}
    names = [line.split(" ")[0] for line in problems(wrong, VolunteerSettings)]
    assert names == ["DISTRICT", "FAULTS", "DEV_LOGIN"]
