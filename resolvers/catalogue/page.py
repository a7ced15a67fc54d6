"""The whole catalogue, and `docs/errors.md`."""

from collections.abc import Mapping
from typing import Final

from resolvers.catalogue.blocked_reasons import BLOCKS
from resolvers.catalogue.entry import Entry, Where
from resolvers.catalogue.errors import ERRORS
from resolvers.catalogue.input_problems import PROBLEMS
from resolvers.catalogue.refusals import REFUSALS

CATALOGUE: Final[Mapping[Where, tuple[Entry, ...]]] = {
    Where.ERRORS: ERRORS,
    Where.REFUSALS: REFUSALS,
    Where.PROBLEMS: PROBLEMS,
    Where.BLOCKS: BLOCKS,
}

_HEAD: Final = """# Errors

Every code that an answer can carry. A code never changes its meaning; the message beside it is for people and may change. This page is
rendered from `resolvers/catalogue/`; a test holds it against the code. "Again?" says whether the very same request may succeed later: answers say so too,
as `retryable`. How HTTP's status goes with them is in [http.md](http.md).
"""
_SECTIONS: Final[Mapping[Where, tuple[str, str]]] = {
    Where.ERRORS: (
        "Entries of `errors`",
        (
            "`errors[].extensions.code`: faults, bad requests and access. Each entry has `requestId`; a service's faults also have `service`. "
            "When a whole service is down, the same field of many rows is told once: `path` is the first one's, `count` says how many."
        ),
    ),
    Where.REFUSALS: (
        "Refusals",
        "`code` of a member of a result union that implements UserError: what a caller can expect to happen. Nothing was changed.",
    ),
    Where.PROBLEMS: (
        "Problems of the input",
        "`problems[].code` of InvalidInput, and `code` of an order that `importOrders` did not take; `path` says where.",
    ),
    Where.BLOCKS: (
        "What blocks an action",
        "`blockedBy[].code` of ActionRejected and of `availableActions(includeBlocked: true)`. It may be gone later.",
    ),
}


def errors_markdown() -> str:
    return "\n".join([_HEAD, *(line for where in CATALOGUE for line in _section(where))])


def _section(where: Where) -> list[str]:
    title, text = _SECTIONS[where]
    rows = [
        f"| `{e.code}` | {e.meaning} | {'yes' if e.is_retryable else 'no'} | {e.remedy} |" for e in CATALOGUE[where]
    ]
    return [f"## {title}\n", f"{text}\n", "| code | means | again? | what to do |", "|---|---|---|---|", *rows, ""]
