"""import."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.rich_terminal import console, progress
from adapters.entrypoints.running import with_center
from adapters.imports.olist import import_olist

DAY_FORM: Final = "%Y-%m-%d"

app = typer.Typer(help="Bring orders of a legacy system in.", no_args_is_help=True)


@app.callback()
def legacy_system() -> None:
    """Bring orders of a legacy system in."""


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, DAY_FORM).date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a day like 2018-07-24.') from None


@app.command()
def olist(
    folder: Annotated[Path, typer.Argument(help="The folder with the data set's CSV files.")],
    since: Annotated[
        date | None,
        typer.Option(parser=_day, metavar="YYYY-MM-DD", help="Only orders placed on or after this day."),
    ] = None,
) -> None:
    """Import the orders of an Olist data set. Resumable: orders that are there already are passed over."""

    async def importing(center: OrderCenter) -> None:
        with progress("Importing orders") as bar:
            report = await import_olist(center.ports, folder, since, bar)
        console.print(report.text())

    with_center(importing)
