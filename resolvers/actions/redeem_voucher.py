"""redeemVoucher."""

from typing import Annotated

import strawberry

from domain.actions import redeem_voucher as handler
from domain.orders.commands import RedeemVoucher
from domain.values.outcomes import Outcome
from resolvers.absent import given, optional, required
from resolvers.actions.answering import Reading, answer
from resolvers.context import Info


@strawberry.input(description="A voucher that is used.")
class RedeemVoucherInput:
    voucher_id: strawberry.ID = required("The voucher.")
    expected_version: int | None = optional("Refuse (VersionConflict) when the order has another version.")
    idempotency_key: str | None = optional("The same key with the same input acts once, however often it is sent.")
    note: str | None = optional("A note for the history.")

    def to_command(self, _reading: Reading) -> RedeemVoucher:
        return RedeemVoucher(
            self.voucher_id, given(self.expected_version), given(self.idempotency_key), given(self.note)
        )


async def redeem_voucher(
    info: Info,
    asked: Annotated[RedeemVoucherInput, strawberry.argument(name="input", description="The voucher to redeem.")],
) -> Outcome:
    return await answer(info, asked, asked.to_command, handler.redeem_voucher)
