"""The command line that every service's worker shares."""

from collections.abc import Callable, Sequence

import click

from chassis.broker import dead_letters
from chassis.broker.connection import BROKER_ERRORS
from chassis.settings import SettingsError
from chassis.worker import PARTS, Worker


def run_worker(create_worker: Callable[[], Worker], commands: Sequence[click.Command] = ()) -> None:
    """Parse the arguments and run a worker, or carry out a command: those of all services, or `commands`.

    A command gets the worker, which does not run, by `click.pass_obj`.
    """

    @click.group(invoke_without_command=True)
    @click.option("--only", type=click.Choice(PARTS), help="Run one part alone, to scale it by itself.")
    @click.pass_context
    def command(context: click.Context, only: str | None) -> None:
        """Run this service's relay, consumer and timers."""
        try:
            context.obj = create_worker()
        except SettingsError as error:
            raise click.ClickException(f"cannot start:\n{error}") from error
        if context.invoked_subcommand is None:
            context.obj.run(only)

    @command.command("dead-letters")
    @click.argument("action", type=click.Choice(["list", "replay", "discard"]), default="list")
    @click.option("--id", "message_id", help="One event; all when not given.")
    @click.pass_obj
    def letters(worker: Worker, action: str, message_id: str | None) -> None:
        """List the events this service gave up, send them to it again, or discard them."""
        try:
            _dead_letters(worker, action, message_id)
        except BROKER_ERRORS as error:
            raise click.ClickException(
                f"The broker does not answer, or has no queue of this service: {error!r}"
            ) from error

    for one in commands:
        command.add_command(one)
    command()


def _dead_letters(worker: Worker, action: str, message_id: str | None) -> None:
    url = worker.settings.amqp_url
    if action == "list":
        for letter in dead_letters.listing(url, worker.service):
            click.echo(f"{letter.message_id}  {letter.type}  {letter.error}")
        return
    count = dead_letters.settle(url, worker.service, replay=action == "replay", message_id=message_id)
    click.echo(f"{action}: {count}")
