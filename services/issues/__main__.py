"""Runs the worker: `python -m services.issues [--only relay|consumer|timers]`, or one of its commands.

`recount [--check]` counts the figures anew; `verify-history` holds histories against their hashes.
"""

from chassis.command_line import run_worker
from services.issues.app import create_worker
from services.issues.cases.command_line import verify_history
from services.issues.statistics.command_line import recount

if __name__ == "__main__":
    run_worker(create_worker, [recount, verify_history])
