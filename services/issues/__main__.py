"""Runs the worker: `python -m services.issues [--only relay|consumer|timers]`, or `recount [--check]`."""

from chassis.command_line import run_worker
from services.issues.app import create_worker
from services.issues.statistics.command_line import recount

if __name__ == "__main__":
    run_worker(create_worker, [recount])
