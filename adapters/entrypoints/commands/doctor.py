"""doctor."""

import typer

from adapters.bootstrap import OrderCenter
from adapters.doctor.examination import examine
from adapters.doctor.findings import findings_table
from adapters.entrypoints.rich_terminal import console
from adapters.entrypoints.running import with_center

app = typer.Typer()


@app.command()
def doctor() -> None:
    """Check what must always hold (I1-I5, I7, I10): sums, stock, histories, keys, timers, the cube. Exits 1 and names rows where it does not."""

    async def examining(center: OrderCenter) -> bool:
        findings = await examine(center.database, now=center.ports.clock.now())
        console.print(findings_table(findings))
        return all(finding.violations == 0 for finding in findings)

    if not with_center(examining):
        raise typer.Exit(1)
