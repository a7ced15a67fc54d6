"""Units of an order line that are held for it: what an order asks the inventory to hold, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """`warehouse`: where they are to be; None: wherever they are found, from several places if need be."""

    line_id: str
    sku: str
    quantity: int
    warehouse: str | None = None
    is_deducted: bool = False
    """Whether they leave the stock at once; others are reserved."""
    allocation_id: str | None = None
    """The allocation that they belong to; None: what was reserved when the order was placed."""
