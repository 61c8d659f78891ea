"""The commands that the figures add to the service's command line."""

import time

import click

from chassis.clock import utc_now
from chassis.worker import Worker
from services.issues.statistics.proof import Proof
from services.issues.statistics.store import BucketStore


@click.command("recount")
@click.option("--check", is_flag=True, help="Only compare; exit with 1 naming each bucket that differs.")
@click.pass_obj
def recount(worker: Worker, check: bool) -> None:
    """Count all figures anew from issues and activities, and prove that what is stored is equal."""
    buckets = BucketStore(worker.mongo, utc_now)
    proof = Proof(worker.mongo, buckets, utc_now, worker.settings.district)
    if not check:
        for repaired in proof.repair():
            click.echo(f"counted anew: {repaired}")
    found = proof.differences(lambda: time.sleep(1))
    for difference in found:
        click.echo(f"differs: {difference}", err=True)
    if found:
        raise SystemExit(1)
    click.echo("Every bucket equals what its issues and activities count to.")
