"""`make run`: the whole district on this machine, until Ctrl-C."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.deployment import Deployment, Ports
from infra.local.supervisor import StartError

SIGN_INS = """Sign in with a phone and the code in the answer (POST /v1/auth/codes, then /v1/auth/tokens):
  13900000001  district admin 区管理员      (exists from the first start)
  after `make demo` also:
  13900000002  subdistrict staff 街道工作人员    13900000003  community A staff 社区工作人员
  13900000004  council chair 理事长            13900000005  shop keeper 慈善商店
  13900000006  social worker 社工              13900000101–112  stewards of community A 小巷管家
  13900000201–240  residents of community A 居民"""


def main() -> int:
    """Run until interrupted."""
    port = os.environ.get("GATEWAY_PORT", "8080")
    if not port.isdigit() or not 1024 <= int(port) <= 65000:
        print(f"GATEWAY_PORT is wrong: {port!r} is no port from 1024 to 65000.", file=sys.stderr)
        return 2
    folder = Path(os.environ.get("DATA_DIR", "var")).resolve()
    district = Deployment(folder, Ports(int(port)), on_event=lambda text: print(text, flush=True))
    _when_asked_to_end(_interrupt)
    print(f"Starting Alley Steward 小巷管家; data and logs are in {folder} …", flush=True)
    try:
        district.start()
        _greet(district)
        while True:
            time.sleep(1)  # not without end: a signal that another thread was given is heard between two
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    except StartError as error:
        print(f"\nCannot start. {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        _when_asked_to_end(lambda *_: None)  # it is at it
        district.stop()
    print("Stopped. The data is kept.", flush=True)
    return 0


def _when_asked_to_end(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _greet(district: Deployment) -> None:
    at = f"http://127.0.0.1:{district.ports.gateway}"
    print(f"\nReady.\n  API      {at}/v1\n  Docs     {at}/docs\n  Health   {at}/readyz\n")
    print(SIGN_INS)
    print("\nLoad the demonstration district in another terminal: make demo. Stop with Ctrl-C.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
