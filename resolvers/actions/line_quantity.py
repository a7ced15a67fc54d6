"""Units of order lines, in the inputs of several actions."""

import strawberry

from domain.orders.commands import LineQuantity
from resolvers.absent import given, required


@strawberry.input(description="Units of one order line.")
class LineQuantityInput:
    line_id: strawberry.ID = required("The line.")
    quantity: int = required("How many of its units.")


def line_quantities(asked: list[LineQuantityInput] | None) -> tuple[LineQuantity, ...] | None:
    asked = given(asked)
    return None if asked is None else tuple(LineQuantity(line.line_id, line.quantity) for line in asked)
