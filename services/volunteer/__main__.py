"""Runs the worker: `python -m services.volunteer [--only relay|consumer|timers]`."""

from chassis.command_line import run_worker
from services.volunteer.app import create_worker

if __name__ == "__main__":
    run_worker(create_worker)
