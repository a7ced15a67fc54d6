"""A payment provider for tests and demos: what becomes of a payment is told by its method (`provider_rules.METHODS`).

Like any provider it keeps its own books, in a transaction of its own: an order's transaction that is rolled back does not undo
a payment. Every operation is a row, by which a repeated one is known and answered again. A payment that asks the
buyer for a next step waits until `finish_step`.
"""

from typing import Any

from adapters.embedded.connection import Connection, Writer, answers_as, is_storable
from adapters.embedded.payment_statements import CHANGE, FINISH_STEP, LOCK_PAYMENT, OPERATION, PAY, PAYMENT, RECORD
from adapters.embedded.provider_rules import METHODS, Operation, after_step, first_answer, kept_as, next_action, operate
from domain.payments.answers import OperationDeclined, ProviderAnswer, ProviderState
from domain.ports.payments import PaymentRequest
from domain.values.faults import ServiceRejected

_SERVICE = "payment"
_answers = answers_as(_SERVICE)
_UNKNOWN = OperationDeclined("unknown_payment", "The provider has no such payment.")


class EmbeddedPayments:
    def __init__(self, connection: Connection) -> None:
        self._sql = connection

    def takes(self, method: str) -> bool:
        return method in METHODS

    @_answers
    async def pay(self, request: PaymentRequest) -> ProviderAnswer:
        if not self.takes(request.method):
            raise ServiceRejected(_SERVICE, f"the method {request.method!r} is unknown")
        answer = first_answer(request)
        async with self._sql.transaction() as transaction:
            row = await transaction.row(
                PAY,
                payment_id=request.payment_id,
                order_id=request.order_id,
                method=kept_as(request),
                amount_minor=request.amount_minor,
                currency=request.currency,
                state=answer.state,
                authorized_minor=answer.authorized_minor,
                captured_minor=answer.captured_minor,
                reference=answer.reference,
                decline_code=answer.decline_code,
                decline_message=answer.decline_message,
            )
            await transaction.commit()
        if row is None or (row["amount_minor"], row["currency"]) != (request.amount_minor, request.currency):
            raise ServiceRejected(_SERVICE, f"{request.payment_id} was asked for with another amount")
        return _answer(row)

    @_answers
    async def ask(self, payment_id: str, reference: str | None = None) -> ProviderAnswer | None:  # noqa: ARG002  it knows ours
        row = await self._sql.row(PAYMENT, payment_id=payment_id) if is_storable(payment_id) else None
        return _answer(row) if row else None

    @_answers
    async def finish_step(self, payment_id: str, *, is_approved: bool) -> ProviderAnswer | None:
        """The buyer did, or refused, what the payment waits for; the payment as it is then. None: there is no such payment.
        Idempotent: the first word holds.
        """
        async with self._sql.transaction() as transaction:
            row = await transaction.row(LOCK_PAYMENT, payment_id=payment_id) if is_storable(payment_id) else None
            if row is None:
                return None
            answer = _answer(row)
            if answer.state is ProviderState.PROCESSING:
                answer = after_step(row["method"], payment_id, row["amount_minor"], is_approved=is_approved)
                await transaction.execute(
                    FINISH_STEP,
                    payment_id=payment_id,
                    state=answer.state,
                    authorized_minor=answer.authorized_minor,
                    captured_minor=answer.captured_minor,
                    decline_code=answer.decline_code,
                    decline_message=answer.decline_message,
                )
                await transaction.commit()
        return answer

    async def capture(
        self,
        payment_id: str,
        operation_id: str,
        amount_minor: int,
        reference: str | None = None,  # noqa: ARG002  likewise
    ) -> ProviderAnswer | OperationDeclined:
        return await self._operate(Operation.CAPTURE, payment_id, operation_id, amount_minor)

    async def void(
        self,
        payment_id: str,
        reference: str | None = None,  # noqa: ARG002  likewise
    ) -> ProviderAnswer | OperationDeclined:
        return await self._operate(Operation.VOID, payment_id, f"void:{payment_id}", 0)

    async def refund(
        self,
        payment_id: str,
        refund_id: str,
        amount_minor: int,
        reference: str | None = None,  # noqa: ARG002  likewise
    ) -> ProviderAnswer | OperationDeclined:
        return await self._operate(Operation.REFUND, payment_id, refund_id, amount_minor)

    @_answers
    async def _operate(
        self, operation: Operation, payment_id: str, operation_id: str, amount_minor: int
    ) -> ProviderAnswer | OperationDeclined:
        async with self._sql.transaction() as transaction:
            payment = await transaction.row(LOCK_PAYMENT, payment_id=payment_id)
            if payment is None:
                return _UNKNOWN
            done = await transaction.row(OPERATION, operation_id=operation_id)
            if done is not None:
                return _repeated(done, payment, operation)
            outcome = operate(payment["method"], _answer(payment), operation, amount_minor)
            await _record(transaction, outcome, operation, payment_id, operation_id, amount_minor)
            await transaction.commit()
        return outcome


def _repeated(done: Any, payment: Any, operation: Operation) -> ProviderAnswer | OperationDeclined:
    if (done["payment_id"], done["kind"]) != (payment["payment_id"], operation):
        raise ServiceRejected(_SERVICE, f"{done['operation_id']} names another operation")
    if done["decline_code"] is not None:
        return OperationDeclined(done["decline_code"], done["decline_message"])
    return _answer(payment)


async def _record(
    transaction: Writer,
    outcome: ProviderAnswer | OperationDeclined,
    operation: Operation,
    payment_id: str,
    operation_id: str,
    amount_minor: int,
) -> None:
    declined = outcome if isinstance(outcome, OperationDeclined) else None
    await transaction.execute(
        RECORD,
        operation_id=operation_id,
        payment_id=payment_id,
        kind=operation,
        amount_minor=amount_minor,
        decline_code=declined.code if declined else None,
        decline_message=declined.message if declined else None,
    )
    if isinstance(outcome, ProviderAnswer):
        await transaction.execute(
            CHANGE,
            payment_id=payment_id,
            state=outcome.state,
            authorized_minor=outcome.authorized_minor,
            captured_minor=outcome.captured_minor,
            refunded_minor=outcome.refunded_minor,
        )


def _answer(row: Any) -> ProviderAnswer:
    state = ProviderState(row["state"])
    return ProviderAnswer(
        state,
        row["authorized_minor"],
        row["captured_minor"],
        row["refunded_minor"],
        row["reference"],
        row["decline_code"],
        row["decline_message"],
        next_action(row["payment_id"]) if state is ProviderState.PROCESSING else None,
    )
