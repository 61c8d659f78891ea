"""Runs the worker: `python -m services.points [--only relay|consumer|timers]`, or one of its commands.

`verify-ledger` holds the journal against its chain, and the balances against the journal.
"""

from chassis.command_line import run_worker
from services.points.app import create_worker
from services.points.integrity.command_line import verify_ledger

if __name__ == "__main__":
    run_worker(create_worker, [verify_ledger])
