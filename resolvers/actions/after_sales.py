"""requestAfterSale and what may follow: withdraw, approve, reject, appeal, rule, ship and receive a return."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import strawberry

from domain.actions import act_on_after_sale as handlers
from domain.actions.receive_return import receive_return as receive
from domain.actions.request_after_sale import request_after_sale as request
from domain.actions.ship_return import ship_return as ship
from domain.values.outcomes import Outcome
from resolvers.actions.after_sale_inputs import (
    AfterSaleActionInput,
    ApproveAfterSaleInput,
    ReceiveReturnInput,
    RequestAfterSaleInput,
    RuleAfterSaleInput,
    ShipReturnInput,
)
from resolvers.actions.answering import answer
from resolvers.context import Info


def after_sale_action(action: str) -> Callable[..., Awaitable[Outcome]]:
    """The resolver of the mutation of this name."""

    async def resolve(
        info: Info,
        asked: Annotated[AfterSaleActionInput, strawberry.argument(name="input", description="The case to act on.")],
    ) -> Outcome:
        return await answer(info, asked, partial(asked.to_command, action), handlers.act_on_after_sale)

    return resolve


async def request_after_sale(
    info: Info,
    asked: Annotated[RequestAfterSaleInput, strawberry.argument(name="input", description="The case to be opened.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, request)


async def approve_after_sale(
    info: Info,
    asked: Annotated[ApproveAfterSaleInput, strawberry.argument(name="input", description="The case to be approved.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handlers.act_on_after_sale)


async def rule_after_sale(
    info: Info,
    asked: Annotated[RuleAfterSaleInput, strawberry.argument(name="input", description="The ruling.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handlers.rule_after_sale)


async def ship_return(
    info: Info,
    asked: Annotated[ShipReturnInput, strawberry.argument(name="input", description="What was sent back.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, ship)


async def receive_return(
    info: Info,
    asked: Annotated[ReceiveReturnInput, strawberry.argument(name="input", description="What came back.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, receive)
