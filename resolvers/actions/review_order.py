"""approveOrder and rejectOrder."""

from domain.actions import review_order as handler
from resolvers.actions.act_on_order import order_action

approve_order = order_action("approveOrder", handler.approve_order)
reject_order = order_action("rejectOrder")
