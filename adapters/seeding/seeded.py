"""Whether there is demo data, asked by every start of a demo: so it needs nothing of what makes them."""

from typing import Final

from sqlalchemy import exists, select

from adapters.embedded.tables import products
from adapters.sql import Reader, prepare

_IS_SEEDED: Final = prepare(select(exists(select(products.c.sku))))


async def is_seeded(reader: Reader) -> bool:
    found: bool = await reader.value(_IS_SEEDED)
    return found
