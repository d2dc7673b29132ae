"""`abstory ledger [KEY]`: every gate call, so that looks are counted and no answer is shopped for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from abstory.cli import output, reading
from abstory.cli.completion import keys
from abstory.cli.settings import Settings

if TYPE_CHECKING:
    from abstory.warehouse import DuckDBStore
    from abstory.warehouse.decisions import Decided


@click.command("ledger")
@click.argument("key", required=False, shell_complete=keys)
@click.option("--json", "as_json", is_flag=True, help="The ledger/1 document.")
@click.pass_obj
def command(settings: Settings, /, key: str | None, *, as_json: bool) -> None:
    """Show who asked the gate of KEY (of every experiment without one), when, of which data, and what it said.

    Calls on the same data under the same file are one look, and have one answer.
    """
    from abstory.report import ledger
    from abstory.report.json import written

    if key:
        from abstory import spec

        spec.find(settings.project, key)
    with reading.store(settings) as store:
        decided = _decided(store, key)
    look = output.look(settings)
    if as_json:
        output.write(written(ledger.document(decided), look))
    else:
        output.show(settings, ledger.lines(decided, look))


def _decided(store: DuckDBStore, key: str | None) -> tuple[Decided, ...]:
    from abstory import ledger

    return ledger.history(store, key)
