"""The command that the ledger adds to the service's command line."""

from dataclasses import dataclass

import click

from chassis.clock import utc_now
from chassis.worker import Worker
from services.points.integrity import commands
from services.points.integrity.store import SealStore
from services.points.store import JournalStore


@click.command("verify-ledger")
@click.option("--known", help="A head of the chain that was kept: 64 hexadecimal digits.")
@click.pass_obj
def verify_ledger(worker: Worker, known: str | None) -> None:
    """Hold the journal against its chain and balances against the journal; exit with 1 naming each fault."""
    try:
        kept = bytes.fromhex(known) if known else None
    except ValueError:
        raise click.BadParameter("it is 64 hexadecimal digits", param_hint="--known") from None
    district = worker.settings.district
    found = commands.verify(
        SealStore(worker.mongo, JournalStore(worker.mongo), district), utc_now, district, kept
    )
    for one in _FAULTS:
        for name in found[one.field]:
            click.echo(f"{name}: {one.means}", err=True)
    if found["shortened"]:
        click.echo("The chain is shorter than it was at a former proof.", err=True)
    lost = found["contains_known"] is False
    if lost:
        click.echo("The chain does not contain the head that was kept: it was written anew.", err=True)
    click.echo(f"{found['postings']} postings, {found['sealed']} sealed, {found['faults']} faults.")
    click.echo(f"head {found['head']}")
    if lost or not found["sound"]:
        raise SystemExit(1)


@dataclass(frozen=True)
class _Fault:
    field: str
    means: str


_FAULTS = (
    _Fault("edited", "the posting is not what was sealed"),
    _Fault("deleted", "the posting was sealed and is gone"),
    _Fault("unsealed", "the posting came past the sealing"),
    _Fault("unbalanced", "the posting does not sum to zero"),
    _Fault("differing", "the balance is not what the journal makes it"),
    _Fault("out_of_bounds", "the account is below its floor or above its ceiling"),
    _Fault("broken_pages", "the page of the chain does not lead on from the one before"),
)
