"""modifyOrder."""

from typing import Annotated

import strawberry

from domain.actions import modify_order as handler
from domain.orders.commands import ModifyOrder, PlaceOrderLine
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading, answer
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities
from resolvers.actions.wish import AddressInput, PlaceOrderLineInput
from resolvers.context import Info


@strawberry.input(description="What is to be different about an order; what is left out stays as it is.")
class ModifyOrderInput:
    order_id: strawberry.ID = required("The order.")
    shipping_address: AddressInput | None = optional("Where it is sent instead.")
    note: str | None = optional("The note for those who work on it.")
    set_lines: list[LineQuantityInput] | None = optional("How many units of a line there are to be; 0 takes it off.")
    add_lines: list[PlaceOrderLineInput] | None = optional("What is bought besides, at today's prices.")
    coupon_codes: list[str] | None = optional("The coupons to use, in place of those it has.")
    expected_total: MoneyInput | None = optional("Refuse (PriceChanged) when the new total is another.")
    dry_run: bool = strawberry.field(default=False, description="Only tell the difference; write nothing.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")

    def to_command(self, reading: Reading) -> ModifyOrder:
        address, codes = given(self.shipping_address), given(self.coupon_codes)
        return ModifyOrder(
            order_id=self.order_id,
            shipping_address=address.to_address() if address else None,
            note=given(self.note),
            set_lines=line_quantities(self.set_lines) or (),
            add_lines=self._added(reading),
            coupon_codes=None if codes is None else tuple(codes),
            expected_total=reading.money(self.expected_total, "expectedTotal"),
            is_dry_run=self.dry_run,
            expected_version=given(self.expected_version),
            idempotency_key=given(self.idempotency_key),
        )

    def _added(self, reading: Reading) -> tuple[PlaceOrderLine, ...]:
        lines = given(self.add_lines) or []
        return tuple(line.to_line(reading, position, "addLines") for position, line in enumerate(lines))


async def modify_order(
    info: Info,
    asked: Annotated[
        ModifyOrderInput, strawberry.argument(name="input", description="The order, and what is to be different.")
    ],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.modify_order)
