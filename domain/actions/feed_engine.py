"""Feeding an analytical engine: batch after batch, until it has all that is there."""

from collections.abc import Callable

from domain.ports.analytics_engine import EngineCopy, EngineSource

Progress = Callable[[int, int], None]
"""Orders that the engine has, orders that there are."""


async def feed_engine(source: EngineSource, copy: EngineCopy, progress: Progress | None = None) -> int:
    """How many orders were taken in, those that were taken again counted again. May be interrupted anywhere."""
    taken_in, position = 0, await copy.position()
    whole = 0 if progress is None else await source.order_count()
    while True:
        batch = await source.batch(position)
        await copy.take_in(batch)
        taken_in += len(batch.order_ids)
        if progress is not None:
            progress(await copy.order_count(), whole)
        if not batch.has_more or batch.position == position:
            return taken_in
        position = batch.position
