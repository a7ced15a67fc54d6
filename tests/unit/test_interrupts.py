"""An interrupt that comes while a command is loaded ends it, even where a library swallowed it."""

import contextlib
import signal
from collections.abc import Iterator

import pytest

from adapters.entrypoints import interrupts
from adapters.entrypoints.running import run


@pytest.fixture(autouse=True)
def _own_handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(interrupts, "_memory", interrupts._Memory())
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupts.remember_interrupts()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


async def began(into: list[str]) -> str:
    into.append("began")
    return "done"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_swallowed_interrupt_is_obeyed_before_anything_begins(number: int) -> None:
    with contextlib.suppress(BaseException):
        signal.raise_signal(number)
    happened: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(began(happened))
    assert happened == []


def test_without_an_interrupt_the_work_is_done_and_ctrl_c_is_the_loops_own() -> None:
    happened: list[str] = []
    assert run(began(happened)) == "done"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
