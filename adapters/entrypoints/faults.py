"""What ends a command with one sentence and exit code 2: the operator can put it right."""

import functools
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from adapters.faults import OperatorFault

P = ParamSpec("P")
T = TypeVar("T")
EXIT_MISCONFIGURED: Final = 2


class UsageFault(OperatorFault):
    """The command cannot do what it was asked to."""


def explained(command: Callable[P, T]) -> Callable[P, T]:
    """Faults that the operator can put right end the command with their sentence, not with a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except OperatorFault as fault:
            fail(str(fault))
        except ExceptionGroup as group:
            fail_of_group(group)

    return run


def fail_of_group(group: "ExceptionGroup[Any]") -> NoReturn:
    matched, rest = group.split(OperatorFault)
    if matched is None or rest is not None:
        raise group
    fail(str(_first(matched)))


def fail(sentence: str) -> NoReturn:
    sys.stderr.write(f"order-center: {sentence}\n")
    sys.exit(EXIT_MISCONFIGURED)


def _first(group: "ExceptionGroup[Any]") -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
