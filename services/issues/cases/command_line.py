"""The commands that cases add to the service's command line."""

import click

from chassis.worker import Worker
from services.issues.cases.queries import histories


@click.command("verify-history")
@click.argument("issue_ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every issue there is.")
@click.pass_obj
def verify_history(worker: Worker, issue_ids: tuple[str, ...], everything: bool) -> None:
    """Hold the history of issues against its hashes; exit with 1 naming the first wrong line of each."""
    if everything == bool(issue_ids):
        raise click.UsageError("name the issues, or say --all")
    checked = wrong = 0
    for issue_id, fault in histories(worker.mongo, None if everything else issue_ids):
        checked += 1
        if fault is not None:
            wrong += 1
            click.echo(f"{issue_id}: line {fault.place}: {fault.what}", err=True)
    click.echo(f"{checked} histories, {wrong} of them not as they were written.")
    if wrong:
        raise SystemExit(1)
