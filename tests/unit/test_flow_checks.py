"""What a flow's tables are held against at every start, and what differs between two of them."""

from dataclasses import replace
from typing import Any

import pytest

from domain.orders.checking import NO_STEP, check_flows, problems_of
from domain.orders.flow_changes import Stranded, differences, stranding
from domain.orders.flows import FLOWS
from domain.orders.state import Flow, Rule, State, TimerRule
from domain.orders.tables.roles import B, M, S, roles
from domain.values.enums import MachineKind, OrderStatus, OrderType
from domain.values.faults import DomainFault
from schema.build import mutation_names

ORDER = MachineKind.ORDER
PAY = TimerRule("payTimeout", "payTimeout", "pay_s")
STATES = (
    State(ORDER, "PENDING_PAYMENT", "Waits.", PAY),
    State(ORDER, "PAID", "Paid.", TimerRule("late", "alert", "confirm_s")),
    State(ORDER, "COMPLETED", "Done.", is_terminal=True),
)
PLACE = Rule(ORDER, (None,), "placeOrder", ("PENDING_PAYMENT",), roles(B), mutation="placeOrder")
PAID = Rule(ORDER, ("PENDING_PAYMENT",), "payOrder", ("PAID",), roles(B), mutation="payOrder")
OVER = Rule(ORDER, ("PENDING_PAYMENT",), "payTimeout", ("COMPLETED",), roles(S))
DONE = Rule(ORDER, ("PAID",), "completeOrder", ("COMPLETED",), roles(M), mutation="completeOrder")
ALERT = Rule(ORDER, ("PAID",), "alert", ("same",), roles(S))
RULES = (PLACE, PAID, OVER, DONE, ALERT)
MUTATIONS = frozenset(("placeOrder", "payOrder", "completeOrder", *NO_STEP))


def flow(rules: tuple[Rule, ...] = RULES, states: tuple[State, ...] = STATES, version: int = 1) -> Flow:
    return Flow(OrderType.PHYSICAL, version, states, rules)


def test_every_flow_holds_together() -> None:
    assert problems_of(FLOWS.values(), mutation_names()) == ()


def test_a_small_flow_that_holds_together_has_no_problem() -> None:
    assert problems_of([flow()], MUTATIONS) == ()


@pytest.mark.parametrize(
    ("rules", "states", "problems"),
    [
        (
            (*RULES, replace(PAID, states=("PAID",), next=("SHIPPED",))),
            STATES,
            ["payOrder names order SHIPPED, which is no state of the flow."],
        ),
        (
            RULES,
            (*STATES, State(ORDER, "CANCELLED", "Off.", is_terminal=True)),
            ["order CANCELLED is never reached."],
        ),
        (
            (*RULES, Rule(ORDER, (None,), "importOrders", ("CANCELLED",), roles(M))),
            (*STATES, State(ORDER, "CANCELLED", "Off.", is_terminal=True)),
            ["order CANCELLED is never reached."],
        ),
        (
            (PLACE, PAID, OVER, replace(DONE, roles=roles(S), mutation=None), ALERT),
            STATES,
            ["No person can do anything about order PAID.", "completeOrder bears the name of a mutation, and is not marked with it.", "completeOrder is a mutation, and no row of any table."],
        ),
        (RULES, (STATES[0], replace(STATES[1], timer=None), STATES[2]), ["order PAID waits without a deadline or an alert."]),
        (RULES, (*STATES[:2], replace(STATES[2], timer=PAY)), [
            "order COMPLETED is terminal and has the timer payTimeout.",
            "order COMPLETED has the timer payTimeout, and the system may not take payTimeout there.",
        ]),
        (
            (*RULES, replace(DONE, action="reopen", states=("COMPLETED",), next=("PAID",), mutation="closeOrder")),
            (*STATES[:2], replace(STATES[2], is_terminal=False, window="never_s")),
            [
                "order COMPLETED has the window never_s, which no policy names, or something else that ends it.",
                "reopen has a mutation of another name, closeOrder.",
                "reopen has a mutation that the schema does not have.",
            ],
        ),
        (
            (PLACE, PAID, replace(OVER, roles=roles(B)), DONE, ALERT),
            STATES,
            ["order PENDING_PAYMENT has the timer payTimeout, and the system may not take payTimeout there."],
        ),
        (
            RULES,
            (replace(STATES[0], timer=replace(PAY, timeout="never_s")), *STATES[1:]),
            ["order PENDING_PAYMENT has the timer payTimeout, and no policy says how long it is."],
        ),
        ((PLACE, PAID, OVER, replace(DONE, mutation="closeOrder"), ALERT), STATES, [
            "completeOrder has a mutation of another name, closeOrder.",
            "completeOrder has a mutation that the schema does not have.",
            "completeOrder is a mutation, and no row of any table.",
        ]),
        ((*RULES, replace(DONE, action="closeOrder", mutation="closeOrder")), STATES, [
            "closeOrder has a mutation that the schema does not have.",
        ]),
        (
            (PLACE, PAID, OVER, DONE, ALERT, replace(DONE, states=("PENDING_PAYMENT",), roles=roles(S))),
            STATES,
            ["completeOrder has a mutation, and no person may take it."],
        ),
        ((PLACE, replace(PAID, mutation=None), replace(OVER, action="cancelOrder", roles=roles(B, S), mutation="cancelOrder"), DONE, ALERT), (replace(STATES[0], timer=replace(PAY, action="cancelOrder")), *STATES[1:]), [
            "payOrder bears the name of a mutation, and is not marked with it.",
            "cancelOrder has a mutation that the schema does not have.",
            "payOrder is a mutation, and no row of any table.",
        ]),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_told(rules: Any, states: Any, problems: list[str]) -> None:
    told = [problem.removeprefix("PHYSICAL 1: ") for problem in problems_of([flow(rules, states)], MUTATIONS)]
    assert told == problems


def test_nothing_runs_on_tables_that_do_not_hold_together() -> None:
    check_flows([flow()], MUTATIONS)
    with pytest.raises(DomainFault, match="is never reached"):
        check_flows([flow(RULES, (*STATES, State(ORDER, "CANCELLED", "Off.", is_terminal=True)))])


def test_two_versions_are_compared_row_by_row() -> None:
    states = (STATES[0], replace(STATES[1], timer=replace(PAY, action="alert")), STATES[2])
    new = flow((PLACE, replace(PAID, roles=roles(B, M)), DONE, replace(ALERT, action="remind")), states, version=2)
    assert differences(flow(), new) == (
        "~ order state PAID",
        "- order PENDING_PAYMENT payTimeout",
        "- order PAID alert",
        "+ order PAID remind",
        "~ order PENDING_PAYMENT payOrder",
    )
    assert differences(flow(), flow(version=2)) == ()


def test_what_a_window_ends_is_an_end() -> None:
    later = flow(RULES, (*STATES[:2], replace(STATES[2], is_terminal=False, window="window_s")), version=2)
    assert stranding(flow(), later) == stranding(later, flow()) == ()
    assert differences(flow(), later) == ("~ order state COMPLETED",)


def test_orders_are_stranded_where_the_new_version_does_not_go_on() -> None:
    assert stranding(flow(), flow(version=2)) == ()
    shorter = flow((PLACE, OVER), (STATES[0], STATES[2]), version=2)
    assert stranding(flow(), shorter) == (Stranded(ORDER, "PAID", "the state is gone"),)
    closed = flow((PLACE, PAID, ALERT), STATES, version=2)
    assert stranding(flow(), closed) == tuple(
        Stranded(ORDER, state, "nothing leads from it to an end")
        for state in (OrderStatus.PENDING_PAYMENT.value, OrderStatus.PAID.value)
    )
