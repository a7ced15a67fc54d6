"""Codes of BlockedReason: why an action cannot be taken now, in ACTION_REJECTED and in `availableActions`."""

from typing import Final

from resolvers.catalogue.entry import Entry

BLOCKS: Final = (
    Entry("AFTER_SALE_OPEN", "An after-sale case is open.", "Wait until it ends."),
    Entry("ALREADY_SHIPPED", "Some units were shipped already.", "Act on the units that were not, or after delivery."),
    Entry("DEADLINE_PASSED", "The deadline for it has passed.", "It is too late."),
    Entry("NOTHING_PAYABLE", "Nothing is open to be paid, or it is under way.", "Nothing is to be done."),
    Entry("NOTHING_TO_CAPTURE", "Nothing is left to capture.", "Nothing is to be done."),
    Entry("NO_EXTENSION_LEFT", "The deadline was extended as often as it may be.", "Ask support."),
    Entry("ORDER_NOT_CONFIRMED", "The order must be confirmed first.", "Confirm it."),
    Entry("PAYMENT_BUSY", "Another operation on the payment is under way.", "Wait for its outcome."),
    Entry("PAYMENT_DUE", "The order is not paid in full.", "Pay it first."),
    Entry("PAYMENT_IN_FLIGHT", "A payment is under way.", "Wait for its outcome."),
    Entry("TOO_MANY_ATTEMPTS", "The order had as many attempts to pay it as it may have.", "Place it anew."),
    Entry("TOO_MANY_CHECKPOINTS", "The shipment has as many checkpoints as it may have.", "Nothing is to be done."),
    Entry("WRONG_STATE", "The action is not for the state it is in.", "See `availableActions`."),
)
