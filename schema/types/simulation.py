"""What a chain of actions would lead to."""

import strawberry

from domain.values.enums import AfterSaleStatus, FulfillmentStatus, OrderStatus, PaymentStatus
from schema.types.flow import BlockedReason
from schema.types.money import money


@strawberry.type(description="By how much the counts of a SKU would change.")
class StockDelta:
    sku: str = strawberry.field(description="The SKU.")
    reserved: int = strawberry.field(description="Units that are spoken for.")
    on_hand: int = strawberry.field(description="Units that are there.")


@strawberry.type(description="One action of a simulation, and how the order would stand after it.")
class SimulatedStep:
    action: str = strawberry.field(description="What was to be done.")
    enabled: bool = strawberry.field(description="Whether it can be.")
    blocked_by: list[BlockedReason] = strawberry.field(description="Why it cannot.")
    status: OrderStatus = strawberry.field(description="The order's status after it.")
    payment_status: PaymentStatus = strawberry.field(description="How far it would be paid.")
    fulfillment_status: FulfillmentStatus = strawberry.field(description="How far it would be sent.")
    after_sale_status: AfterSaleStatus = strawberry.field(description="Whether a case would be open.")
    refund = money("refund_minor", "What would go back to the buyer because of it.")
    stock: list[StockDelta] = strawberry.field(description="What would change in the inventory because of it.")


@strawberry.type(description="A chain of actions on a copy of an order: nothing was written.")
class Simulation:
    ok: bool = strawberry.field(description="Whether every action can be taken, one after the other.")
    steps: list[SimulatedStep] = strawberry.field(
        description="The steps until the first that cannot be taken, which is the last one."
    )
