"""Codes of BlockedReason: why an action cannot be taken now, in ACTION_REJECTED and in `availableActions`."""

from typing import Final

from resolvers.catalogue.entry import Entry

BLOCKS: Final = (
    Entry("AFTER_SALE_OPEN", "An after-sale case is open.", "Wait until it ends."),
    Entry("ALREADY_ACCEPTED", "A warehouse has begun.", "Cancel what it has not sent, or let it be sent."),
    Entry("ALREADY_PACKED", "Parcels bear the former address.", "Ask the warehouse."),
    Entry("ALREADY_PRODUCED", "Units of the lines are packed, or being made.", "Change other lines, or cancel."),
    Entry("ALREADY_SHIPPED", "Some units were shipped already.", "Act on the units that were not, or after delivery."),
    Entry("DEADLINE_PASSED", "The deadline for it has passed.", "It is too late."),
    Entry("IMPORTED", "The prices of an imported order are those of its source.", "Change it there."),
    Entry("INCOMPLETE", "A simulated action lacks what it needs.", "Add the field that the message names."),
    Entry(
        "INTERCEPT_NOT_SUPPORTED",
        "The carrier stops no parcel on its way.",
        "Cancel what does not move, or wait for the delivery.",
    ),
    Entry("INVALID_INPUT", "A simulated action has values that cannot be used.", "Correct what the message names."),
    Entry("NOTHING_LEFT", "Every unit was cancelled or came back.", "Nothing is to be done."),
    Entry("NOTHING_PAYABLE", "Nothing is open to be paid, or it is under way.", "Nothing is to be done."),
    Entry("NOTHING_TO_CANCEL", "No unit is left that can be cancelled.", "Nothing is to be done."),
    Entry("NOTHING_TO_CAPTURE", "Nothing is left to capture.", "Nothing is to be done."),
    Entry("NOTHING_TO_REFUND", "Nothing of the payment is left to give back.", "Nothing is to be done."),
    Entry("NOT_SIMULATED", "The action cannot be simulated.", "Leave it out of the chain."),
    Entry("NO_DEADLINE", "A simulated deadline does not run now.", "See the order's `timers`."),
    Entry("NO_EXTENSION_LEFT", "The deadline was extended as often as it may be.", "Ask support."),
    Entry("ORDER_NOT_CONFIRMED", "The order must be confirmed first.", "Confirm it."),
    Entry("PAYMENT_BUSY", "Another operation on the payment is under way.", "Wait for its outcome."),
    Entry("PAYMENT_DUE", "The order is not paid in full.", "Pay it first."),
    Entry("PAYMENT_IN_FLIGHT", "A payment is under way.", "Wait for its outcome."),
    Entry("REFUND_UNDER_WAY", "The provider still has time to settle the refund.", "Wait for its alert."),
    Entry("REFUSED", "A simulated action is refused for another reason than the tables'.", "See the message."),
    Entry("STOCK_SHORT", "Units of a paid order are not to be had.", "Receive stock, or refund the order."),
    Entry("TOO_MANY_ATTEMPTS", "The order had as many attempts to pay it as it may have.", "Place it anew."),
    Entry("TOO_MANY_CHECKPOINTS", "The shipment has as many checkpoints as it may have.", "Nothing is to be done."),
    Entry("UNITS_CANCELLED", "Some units were cancelled: their shares are settled.", "Act on what is left."),
    Entry("VOUCHERS_UNDER_WAY", "The order's vouchers are being issued.", "Give back those that are not wanted."),
    Entry("VOUCHER_CANCELLED", "The voucher was given back.", "Nothing is to be done."),
    Entry("VOUCHER_EXPIRED", "The voucher has expired.", "It is too late."),
    Entry("VOUCHER_REDEEMED", "The voucher, or all that is left of its order, was redeemed.", "Nothing is to be done."),
    Entry("WINDOW_CLOSED", "The time in which units could be claimed is over.", "Ask support."),
    Entry("WRONG_STATE", "The action is not for the state it is in.", "See `availableActions`."),
)
