"""erase."""

import getpass
import logging
import sys
from typing import Annotated, Final

import typer

from adapters.bootstrap import OrderCenter
from adapters.entrypoints.faults import UsageFault
from adapters.entrypoints.running import with_center
from domain.access.viewer import EVERYTHING
from domain.actions.erase_orders import ErasedBefore, Kept, erase_order, kept
from domain.values.ids import IdKind, kind_of

NOTHING: Final = "Nothing was erased."

log = logging.getLogger("order_center.audit")
log.setLevel(logging.INFO)  # whatever the level of all else is
app = typer.Typer()


@app.command(epilog="Examples: `order-center erase ORD-2026-000123`; `xargs order-center erase --yes < ids.txt`.")
def erase(
    orders: Annotated[list[str], typer.Argument(metavar="ORDER...", help="Which ones: by id (ord_…) or by number.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Erase orders for good: for people who ask for it, or because they are old enough.

    Only orders that are over go: cancelled, returned, or completed and past their after-sale window, with nothing under way. If one of
    those that are named cannot go, none does, and what holds it is said.

    All rows of an order go. A tombstone stays, with its id, business unit, channel and time: the change feed tells everybody who keeps a
    copy (DELETE), and analytics let it go. The stock's books stay right. Files that were exported before have it until they expire.
    """
    if not yes and not sys.stdin.isatty():
        raise UsageFault(f"Nobody can be asked whether it is meant: say --yes. {NOTHING}")

    async def erasing(center: OrderCenter) -> None:
        ids = list(dict.fromkeys([await _id_of(center, name) for name in orders]))
        if reasons := [f"{found.order_id} stays: {found.why}." for found in await _kept(center, ids)]:
            raise UsageFault("\n".join([NOTHING, *reasons]))
        if not (yes or _is_meant(ids)):
            raise UsageFault(NOTHING)
        for order_id in ids:
            await _erase(center, order_id)

    with_center(erasing)


async def _id_of(center: OrderCenter, name: str) -> str:
    if kind_of(name) is IdKind.ORDER:
        return name
    found = await center.ports.order_views.by_number(EVERYTHING, name)
    if found is None:
        raise UsageFault(f"There is no order {name}. {NOTHING}")
    return found.id


async def _kept(center: OrderCenter, ids: list[str]) -> list[Kept]:
    found = [await kept(center.ports, order_id) for order_id in ids]
    return [one for one in found if one is not None]


async def _erase(center: OrderCenter, order_id: str) -> None:
    done = await erase_order(center.ports, order_id)
    if isinstance(done, Kept):
        raise UsageFault(f"{order_id} stays, as it has changed meanwhile: {done.why}. Those said before are erased.")
    if isinstance(done, ErasedBefore):
        typer.echo(f"{order_id} was erased before.")
        return
    log.info(
        "%s of %s on %s was erased by %s; its last version is %d.",
        done.order_id,
        done.business_unit,
        done.channel,
        getpass.getuser(),
        done.version,
    )
    typer.echo(f"{order_id} is erased.")


def _is_meant(ids: list[str]) -> bool:
    """Asked on stderr: stdout is for what was done."""
    what = ids[0] if len(ids) == 1 else f"{len(ids)} orders"
    typer.echo(f"{what} will be gone for good. Erase? [y/N]: ", err=True, nl=False)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
