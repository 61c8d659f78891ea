"""Runs the worker: `python -m services.issues [--only relay|consumer|timers]`, or `verify-history`."""

from chassis.command_line import run_worker
from services.issues.app import create_worker
from services.issues.cases.command_line import verify_history

if __name__ == "__main__":
    run_worker(create_worker, [verify_history])
