"""Runs the worker: `python -m services.issues [--only relay|consumer|timers]`."""

from chassis.command_line import run_worker
from services.issues.app import create_worker

if __name__ == "__main__":
    run_worker(create_worker)
