"""The inputs of after-sale cases."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from domain.after_sales.commands import (
    ActOnAfterSale,
    ExchangeLine,
    ReceivedLine,
    ReceiveReturn,
    RequestAfterSale,
    RuleAfterSale,
    ShipReturn,
)
from domain.values.enums import AfterSaleKind
from resolvers.absent import given, optional, required
from resolvers.actions.answering import MoneyInput, Reading
from resolvers.actions.line_quantity import LineQuantityInput, line_quantities

_KEY = "The same key with the same input acts once, however often it is sent."
_VERSION = "Refuse (VersionConflict) when the order has another version."


@strawberry.input(description="What units of a line are exchanged for: goods of the same price.")
class ExchangeLineInput:
    line_id: strawberry.ID = required("The line.")
    sku: str = required("What is wanted instead.")
    quantity: int = required("As many units as are given back.")
    options: JSON | None = optional("What is chosen: a JSON object.")

    def to_domain(self, reading: Reading, position: int) -> ExchangeLine:
        options = reading.json_object(self.options, "exchangeFor", str(position), "options")
        return ExchangeLine(self.line_id, self.sku, self.quantity, options)


@strawberry.input(description="Units of a line that came back.")
class ReceivedLineInput:
    line_id: strawberry.ID = required("The line.")
    accepted: int = required("Those that can be sold again.")
    damaged: int = strawberry.field(default=0, description="Those that cannot.")


def received_lines(asked: list[ReceivedLineInput]) -> tuple[ReceivedLine, ...]:
    return tuple(ReceivedLine(line.line_id, line.accepted, line.damaged) for line in asked)


@strawberry.input(description="A case to be opened about units of an order.")
class RequestAfterSaleInput:
    idempotency_key: str = required(_KEY)
    order_id: strawberry.ID = required("The order.")
    kind: AfterSaleKind = required("What is wanted.")
    reason: str = required("Why.")
    lines: list[LineQuantityInput] = required("The units.")
    amount: MoneyInput | None = optional("What would be enough; what the units are worth when left out.")
    exchange_for: list[ExchangeLineInput] | None = optional("Of an exchange: instead of the same goods again.")
    attachments: list[str] | None = optional("Addresses of pictures and papers: at most 10.")
    note: str | None = optional("A note for the history.")
    expected_version: int | None = optional(_VERSION)

    def to_command(self, reading: Reading) -> RequestAfterSale:
        wanted: Any = given(self.exchange_for)
        return RequestAfterSale(
            self.idempotency_key,
            self.order_id,
            self.kind,
            self.reason,
            line_quantities(self.lines) or (),
            reading.money(self.amount, "amount"),
            None if wanted is None else tuple(line.to_domain(reading, at) for at, line in enumerate(wanted)),
            tuple(given(self.attachments) or ()),
            given(self.note),
            given(self.expected_version),
        )


@strawberry.input(description="A simple action on an after-sale case.")
class AfterSaleActionInput:
    after_sale_id: strawberry.ID = required("The case.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, action: str, _reading: Reading) -> ActOnAfterSale:
        version, key, note = given(self.expected_version), given(self.idempotency_key), given(self.note)
        return ActOnAfterSale(action, self.after_sale_id, None, version, key, note)


@strawberry.input(description="A case to be approved.")
class ApproveAfterSaleInput:
    after_sale_id: strawberry.ID = required("The case.")
    amount: MoneyInput | None = optional("How much is agreed to; what was asked for when left out.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, reading: Reading) -> ActOnAfterSale:
        amount = reading.money(self.amount, "amount")
        version, key, note = given(self.expected_version), given(self.idempotency_key), given(self.note)
        return ActOnAfterSale("approveAfterSale", self.after_sale_id, amount, version, key, note)


@strawberry.input(description="A ruling on a case.")
class RuleAfterSaleInput:
    after_sale_id: strawberry.ID = required("The case.")
    approve: bool = required("Whether the buyer is right; the case is closed when not.")
    amount: MoneyInput | None = optional("How much goes back; what was asked for when left out.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, reading: Reading) -> RuleAfterSale:
        amount = reading.money(self.amount, "amount")
        version, key, note = given(self.expected_version), given(self.idempotency_key), given(self.note)
        return RuleAfterSale(self.after_sale_id, self.approve, amount, version, key, note)


@strawberry.input(description="Goods on their way back.")
class ShipReturnInput:
    after_sale_id: strawberry.ID = required("The case.")
    carrier: str = required("Who carries it.")
    tracking_number: str = required("The carrier's number.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)

    def to_command(self, _reading: Reading) -> ShipReturn:
        version, key = given(self.expected_version), given(self.idempotency_key)
        return ShipReturn(self.after_sale_id, self.carrier, self.tracking_number, version, key)


@strawberry.input(description="What came back for a case.")
class ReceiveReturnInput:
    after_sale_id: strawberry.ID = required("The case.")
    lines: list[ReceivedLineInput] = required("The units; those that are not named did not come.")
    expected_version: int | None = optional(_VERSION)
    idempotency_key: str | None = optional(_KEY)
    note: str | None = optional("A note for the history.")

    def to_command(self, _reading: Reading) -> ReceiveReturn:
        version, key, note = given(self.expected_version), given(self.idempotency_key), given(self.note)
        return ReceiveReturn(self.after_sale_id, received_lines(self.lines), version, key, note)
