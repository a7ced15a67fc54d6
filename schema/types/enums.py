"""The domain's enumerations as GraphQL enums: the very classes, and one table that describes them and each of their values."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from domain.analytics.catalogue import DIMENSIONS, MEASURES
from domain.values import enums

_DESCRIPTIONS: Final[dict[type[StrEnum], tuple[str, dict[str, str]]]] = {
    enums.OrderType: (
        "What kind of order it is; each has a flow of its own.",
        {
            "PHYSICAL": "Goods from stock.",
            "VIRTUAL": "Vouchers: nothing is sent.",
            "MADE_TO_ORDER": "Produced after a deposit.",
            "PRESALE": "Deposit now, balance later, goods when they are there.",
            "GROUP_BUY": "Goes ahead when enough members join.",
        },
    ),
    enums.OrderStatus: (
        "The state of the order's own machine.",
        {
            "PENDING_REVIEW": "Waits for a person's approval.",
            "PENDING_DEPOSIT": "Waits for its deposit.",
            "PENDING_BALANCE": "Waits for its balance.",
            "PENDING_PAYMENT": "Placed; its stock is reserved until the payment deadline.",
            "PARTIALLY_PAID": "A part is secured.",
            "PAID": "Everything is captured or authorized.",
            "GROUP_PENDING": "Paid; waits for its group.",
            "EXCEPTION": "Paid, but stopped by a problem that a person solves.",
            "ON_HOLD": "Stopped by a person; its deadlines rest.",
            "CONFIRMED": "Released to the warehouses.",
            "IN_FULFILLMENT": "A warehouse has begun.",
            "PARTIALLY_SHIPPED": "Some units are on their way.",
            "SHIPPED": "Every unit is on its way.",
            "DELIVERED": "Every parcel has arrived.",
            "RECEIVED": "The buyer has it, or did not say otherwise in time.",
            "COMPLETED": "Done.",
            "CANCEL_PENDING": "To be cancelled; units on their way are being stopped.",
            "REFUNDING": "Cancelled; the money is on its way back.",
            "REFUND_EXCEPTION": "Cancelled; a refund failed for good.",
            "CANCELLED": "Cancelled.",
            "RETURNED": "Every unit came back.",
        },
    ),
    enums.PaymentStatus: (
        "How far the order is paid, drawn from its payments.",
        {
            "UNPAID": "Nothing is secured.",
            "PARTIALLY_PAID": "A part is captured or authorized.",
            "AUTHORIZED": "All of it is secured, not all of it captured.",
            "PAID": "All of it is captured.",
            "PARTIALLY_REFUNDED": "A part was given back.",
            "REFUNDED": "Everything was given back.",
        },
    ),
    enums.PaymentState: (
        "The state of one payment.",
        {
            "CREATED": "Recorded; the provider was not asked yet.",
            "PROCESSING": "With the provider, or waiting for the buyer's next step.",
            "AUTHORIZED": "The money is held for us.",
            "PARTIALLY_CAPTURED": "A part of what is held was taken.",
            "CAPTURED": "The money is ours.",
            "PARTIALLY_REFUNDED": "A part was given back.",
            "REFUNDED": "Everything was given back.",
            "VOIDED": "What was held is free again.",
            "FAILED": "Declined, or the provider knows nothing of it.",
            "CANCELLED": "Given up with its order.",
        },
    ),
    enums.RefundState: (
        "The state of one refund.",
        {
            "REQUESTED": "Asked for.",
            "PROCESSING": "With the provider.",
            "SUCCEEDED": "The buyer has it back.",
            "FAILED": "The provider did not do it.",
            "REJECTED": "Will not be done.",
        },
    ),
    enums.ExceptionResolution: (
        "How an order's exception ends.",
        {
            "RETRY": "It goes on where it was: the exception's cause is gone.",
            "REFUND": "It is given up, and what was paid goes back.",
        },
    ),
    enums.FulfillmentStatus: (
        "How far the order is sent, drawn from its fulfillments.",
        {
            "UNFULFILLED": "Nobody has begun.",
            "IN_PROGRESS": "A warehouse works on it.",
            "PARTIALLY_SHIPPED": "Some units were sent.",
            "SHIPPED": "All units were sent.",
            "DELIVERED": "All units have arrived.",
            "RETURNED": "All units came back.",
            "CANCELLED": "No unit is left to be sent.",
        },
    ),
    enums.FulfillmentState: (
        "The state of one fulfillment.",
        {
            "CREATED": "Split off the order.",
            "ALLOCATED": "Its units are set aside; the warehouse is asked to accept it.",
            "BACKORDERED": "Waits for stock.",
            "ACCEPTED": "The warehouse will send it.",
            "PRODUCING": "Is being produced.",
            "READY": "Picked and packed.",
            "PARTIALLY_SHIPPED": "Some of its units are on their way.",
            "SHIPPED": "All of its units are on their way.",
            "DELIVERED": "Every parcel has arrived.",
            "INTERCEPTING": "The carrier is asked to stop it.",
            "RETURNING": "On its way back.",
            "RETURNED": "Came back.",
            "ON_HOLD": "On hold with its order.",
            "CANCELLED": "Will not be sent.",
        },
    ),
    enums.AfterSaleKind: (
        "What the buyer wants of an after-sale case.",
        {
            "REFUND_ONLY": "The money back, without the goods coming back.",
            "RETURN_REFUND": "The money back for goods that are returned.",
            "EXCHANGE": "Other goods of the same price for those that are returned.",
        },
    ),
    enums.AfterSaleState: (
        "The state of one after-sale case.",
        {
            "REQUESTED": "Asked for; it is approved by itself after a while.",
            "APPROVED": "Agreed to.",
            "REJECTED": "Refused; the buyer may appeal.",
            "ARBITRATION": "Support or finance rules on it.",
            "AWAITING_RETURN": "The buyer sends the goods back.",
            "RETURN_IN_TRANSIT": "The goods are on their way back.",
            "INSPECTING": "What came back is looked at.",
            "DISPUTED": "Nothing of what came back was accepted; support or finance rules on it.",
            "REFUNDING": "The money is on its way back.",
            "EXCHANGING": "The replacement is being made ready.",
            "EXCHANGE_SHIPPED": "The replacement is on its way.",
            "REFUND_EXCEPTION": "A refund failed for good.",
            "COMPLETED": "Settled.",
            "WITHDRAWN": "Taken back by the buyer.",
            "CLOSED": "Ended without an agreement.",
        },
    ),
    enums.AfterSaleStatus: (
        "Whether after-sale cases of the order are open.",
        {"NONE": "There are none.", "OPEN": "One at least is open.", "CLOSED": "All of them are closed."},
    ),
    enums.MachineKind: (
        "Which state machine.",
        {
            "ORDER": "The order's own.",
            "FULFILLMENT": "A fulfillment's.",
            "PAYMENT": "A payment's.",
            "REFUND": "A refund's.",
            "AFTER_SALE": "An after-sale case's.",
        },
    ),
    enums.Role: (
        "What a caller may be; the tables of the flows say what each may do.",
        {
            "BUYER": "A member, with its own orders.",
            "PARTNER": "A partner's system, with the orders of its channels.",
            "MERCHANT": "Runs the business.",
            "SUPPORT": "Helps customers.",
            "FINANCE": "Looks after the money.",
            "WAREHOUSE": "Picks, packs and ships.",
            "ANALYST": "Reads for reports.",
            "ADMIN": "All that merchant, support, finance and warehouse may.",
            "SYSTEM": "The order center itself: timers and derived steps.",
            "PROVIDER": "The payment provider.",
        },
    ),
    enums.ActorKind: (
        "Who acts.",
        {
            "MEMBER": "A member.",
            "STAFF": "A person of the company.",
            "PARTNER": "A partner's system.",
            "SYSTEM": "The order center itself.",
            "PROVIDER": "The payment provider.",
            "ANONYMOUS": "Nobody that is known.",
        },
    ),
    enums.ChannelKind: (
        "What kind of channel.",
        {
            "STOREFRONT": "A web shop of our own.",
            "APP": "An app of our own.",
            "PARTNER": "A partner's system.",
            "MARKETPLACE": "A marketplace.",
            "STORE": "A store in a street.",
            "LEGACY": "An older system whose orders were imported.",
        },
    ),
    enums.DiscountKind: (
        "Where a discount comes from.",
        {
            "LINE_PROMOTION": "A promotion of products.",
            "ORDER_PROMOTION": "A promotion of whole orders.",
            "COUPON": "A coupon.",
            "SHIPPING": "Off the shipping.",
            "MANUAL": "Given by a person.",
        },
    ),
    enums.DiscountFunder: (
        "Who pays for a discount.",
        {"PLATFORM": "The platform.", "MERCHANT": "The merchant.", "PARTNER": "The partner."},
    ),
    enums.BatchPolicy: (
        "What an order that cannot be placed means for the others of its batch.",
        {"EACH": "Nothing: each is placed on its own.", "ALL_OR_NOTHING": "None of them is placed."},
    ),
    enums.SplitDimension: (
        "By what an order is split into fulfillments.",
        {
            "SELLER": "By who sells.",
            "SUPPLY_CHANNEL": "By who sends.",
            "WAREHOUSE": "By the warehouse that has the stock.",
            "SKU_KIND": "By what must travel apart: cold, oversize, presale.",
            "DELIVERY_MODE": "By how it is delivered.",
        },
    ),
    enums.SupplyChannel: (
        "Who sends the goods.",
        {
            "OWN": "Our own warehouses.",
            "SELLER": "The seller.",
            "DROPSHIP": "The maker, on the seller's behalf.",
        },
    ),
    enums.FulfillmentKind: (
        "Why a fulfillment exists.",
        {"ORIGINAL": "A part of the order.", "REPLACEMENT": "Sent in exchange; it has no money."},
    ),
    enums.TrackingStatus: (
        "What a carrier says of a parcel.",
        {
            "IN_TRANSIT": "On its way.",
            "OUT_FOR_DELIVERY": "With the one who brings it.",
            "DELIVERED": "Handed over.",
            "REFUSED": "The buyer did not take it.",
            "LOST": "The carrier cannot find it.",
            "EXCEPTION": "Something delays it.",
            "RETURNED": "Back at the sender.",
        },
    ),
    enums.InstallmentKind: (
        "Which part of the total an installment is.",
        {
            "FULL": "All of it.",
            "DEPOSIT": "The deposit.",
            "BALANCE": "What is left after the deposit.",
            "DIFFERENCE": "What a modification adds.",
        },
    ),
    enums.PaymentNextActionKind: (
        "What the buyer must do so that a payment goes on.",
        {
            "REDIRECT": "Go to the provider's page.",
            "CLIENT_SECRET": "Finish it in the provider's own form.",
            "WAIT": "Nothing: it takes its time.",
        },
    ),
    enums.GroupStatus: (
        "Where a group buy's group stands.",
        {
            "OPEN": "Seats can be taken, or are not all paid.",
            "FORMED": "Every seat was paid in time: its orders went ahead.",
            "FAILED": "Its time was over before that: its orders are given back.",
        },
    ),
    enums.VoucherStatus: (
        "Whether a voucher can be redeemed.",
        {
            "ISSUED": "It can be redeemed.",
            "REDEEMED": "It was used.",
            "EXPIRED": "Its time is over.",
            "CANCELLED": "It was given back.",
        },
    ),
    enums.ExportFormat: (
        "How an export's rows are written.",
        {
            "JSONL": "One JSON object per line, in UTF-8; amounts are strings.",
            "CSV": "RFC 4180 with a header, in UTF-8. A text that a spreadsheet would run as a formula begins with an apostrophe.",
            "PARQUET": "Typed columns, compressed: decimals, times in UTC.",
        },
    ),
    enums.ExportDataset: (
        "What an export's rows are.",
        {
            "ORDERS": "One row per order.",
            "ORDER_LINES": "One row per order line.",
            "PAYMENTS": "One row per payment.",
            "AFTER_SALES": "One row per after-sale case.",
            "TRANSITIONS": "One row per step of an order's machines.",
        },
    ),
    enums.ExportStatus: (
        "Where an export stands.",
        {
            "QUEUED": "Waits for a worker.",
            "RUNNING": "A worker reads or writes it; after a crash another one goes on.",
            "SUCCEEDED": "Its file can be fetched until it expires.",
            "FAILED": "Given up after several tries.",
            "CANCELLED": "Cancelled; there is no file.",
        },
    ),
    enums.Measure: (
        "A figure of orders.",
        {measure.value: entry.description for measure, entry in MEASURES.items()},
    ),
    enums.Dimension: (
        "What figures are broken down by.",
        {dimension.value: entry.description for dimension, entry in DIMENSIONS.items()},
    ),
    enums.TimeField: (
        "Which of an order's times counts.",
        {
            "PLACED_AT": "When it was placed.",
            "PAID_AT": "When everything was secured; orders where it is not are left out.",
            "COMPLETED_AT": "When it was completed; others are left out.",
        },
    ),
    enums.TimeGrain: (
        "A piece of time, in the time zone that is asked for.",
        {
            "HOUR": "An hour: the one that comes twice in autumn is two, the one that is left out in spring is none.",
            "DAY": "A day, of 23, 24 or 25 hours.",
            "WEEK": "A week, from Monday on (ISO 8601).",
            "MONTH": "A month.",
            "QUARTER": "A quarter of a year.",
            "YEAR": "A year.",
        },
    ),
    enums.ComparePeriod: (
        "What a range of time is compared with.",
        {
            "PREVIOUS_PERIOD": "The time just before it: as many pieces earlier as the range touches; without a grain, as long.",
            "SAME_PERIOD_LAST_YEAR": "The same dates a year earlier; of weeks, 52 weeks earlier. 29 February has no counterpart.",
        },
    ),
    enums.ColumnKind: (
        "What a column of analytics is.",
        {
            "TIME": "The piece of time that the row is of.",
            "DIMENSION": "A value that the row is of.",
            "MEASURE": "A figure.",
            "COMPARE": "The same figure, in the period that is compared with.",
        },
    ),
    enums.OrderSort: (
        "In which order orders are listed; equal ones by id.",
        {
            "PLACED_AT_DESC": "Latest placed first.",
            "PLACED_AT_ASC": "Earliest placed first.",
            "UPDATED_AT_DESC": "Latest changed first.",
            "UPDATED_AT_ASC": "Longest unchanged first.",
            "TOTAL_DESC": "Largest total first, in minor units.",
            "TOTAL_ASC": "Smallest total first, in minor units.",
        },
    ),
    enums.ChangeKind: (
        "What a change of an order means for a copy of it.",
        {
            "UPSERT": "The order is new, or is at this version now.",
            "DELETE": "The order is gone, by retention or erasure: the copy must go, too.",
        },
    ),
}


def _described(enum: type[StrEnum], description: str, values: dict[str, str]) -> None:
    """Strawberry may have met the class already, as it read an input: then it has a definition, and there must be only one."""
    definition: Any = getattr(enum, "__strawberry_definition__", None)
    if not isinstance(definition, StrawberryEnumDefinition):
        definition = strawberry.enum(enum).__strawberry_definition__  # type: ignore[attr-defined]
    definition.description = description
    for value in definition.values:
        value.description = values[value.name]


def describe_enums(table: Iterable[tuple[type[StrEnum], tuple[str, dict[str, str]]]] = _DESCRIPTIONS.items()) -> None:
    """Registers every enumeration of the table; as often as one likes."""
    for enum, (description, values) in table:
        _described(enum, description, values)


describe_enums()
