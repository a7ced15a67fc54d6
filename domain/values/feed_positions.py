"""Where a reader of the change feed stands, and the cursor that says so to clients.

Theory of operation
    Steps are written by transactions that end in another order than they began. So a step's place in the feed is the number of
    its transaction and its own number, and only places below every running transaction are read: nothing can come before them any
    more. A *snapshot* says which transactions had ended at a moment. Whoever has read the orders themselves at that moment goes on
    from `at_snapshot`: with what the snapshot does not hold, and nothing else, also where transactions were running just then.

    A reader who has nothing begins with the orders as they were at a snapshot, by their ids (`listed`: up to which), and goes on
    with the steps that this snapshot does not hold.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

from domain.values.faults import BadRequest
from domain.values.sealing import Unsealable, sealed, unsealed

CURSOR_MAX_LENGTH: Final = 32_000
"""A snapshot names every transaction that was running: a few hundred on a large server."""
_KIND: Final = "CHANGES"
_INT64: Final = 2**63
_ID_MAX_LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """Transactions below `first_running` had ended, those from `next` on had not begun; of those between, `running` had not ended."""

    first_running: int
    next: int
    running: tuple[int, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """From PostgreSQL's own text of a `pg_snapshot`. Raises ValueError."""
        first, following, running = text.split(":")
        snapshot = cls(_number(first), _number(following), tuple(map(_number, running.split(",") if running else ())))
        if not snapshot._is_sound:
            raise ValueError(f"{text!r} is no snapshot")
        return snapshot

    @property
    def text(self) -> str:
        return f"{self.first_running}:{self.next}:{','.join(map(str, self.running))}"

    @property
    def _is_sound(self) -> bool:
        ordered = all(one < other for one, other in zip(self.running, self.running[1:], strict=False))
        within = all(self.first_running <= one < self.next for one in self.running)
        # PostgreSQL has no transaction of which 32 bits are zero.
        real = all(one % 2**32 for one in (self.first_running, self.next, *self.running))
        return self.first_running <= self.next and ordered and within and real


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """Everything up to `(transaction, number)` was read, and everything that `snapshot` holds. While `listed` is given, the orders
    of the snapshot are being read, up to that id.
    """

    transaction: int
    number: int
    snapshot: FeedSnapshot | None = None
    listed: str | None = None

    @property
    def is_listing(self) -> bool:
        return self.listed is not None

    def past(self, transaction: int, number: int) -> "FeedPosition":
        """Further on in the steps. A snapshot has no more to say beyond the last transaction that it holds."""
        snapshot = self.snapshot if self.snapshot is not None and transaction < self.snapshot.next else None
        return FeedPosition(transaction, number, snapshot)


BEGINNING: Final = FeedPosition(0, 0)
"""Before the first step that was ever made."""


def at_snapshot(snapshot: FeedSnapshot) -> FeedPosition:
    """Of whoever has read everything as it was at that moment: the watermark of figures and of exports."""
    return FeedPosition(snapshot.first_running, 0, snapshot)


def watermark_of(snapshot: str) -> str:
    """The cursor of `at_snapshot`, from the text of a `pg_current_snapshot()` that was asked for among the same reads."""
    return cursor_of(at_snapshot(FeedSnapshot.of(snapshot)))


def cursor_of(position: FeedPosition) -> str:
    snapshot = None if position.snapshot is None else position.snapshot.text
    return sealed([_KIND, position.transaction, position.number, snapshot, position.listed])


def position_of(cursor: str) -> FeedPosition:
    """Raises BadRequest, INVALID_CURSOR, for anything that `cursor_of` did not make."""
    try:
        kind, transaction, number, snapshot, listed = unsealed(cursor, CURSOR_MAX_LENGTH)
        if kind != _KIND:
            raise BadRequest("The cursor belongs to another list.", "INVALID_CURSOR")
        held = None if snapshot is None else FeedSnapshot.of(_text(snapshot))
        return FeedPosition(_whole(transaction), _whole(number), held, None if listed is None else _id(listed, held))
    except (Unsealable, ValueError, TypeError) as error:
        raise BadRequest("The cursor is not one that was given out here.", "INVALID_CURSOR") from error


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("no number")
    return _whole(int(text))


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _INT64:
        raise ValueError("no number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _id(value: Any, snapshot: FeedSnapshot | None) -> str:
    text = _text(value)
    if snapshot is None or len(text) > _ID_MAX_LENGTH or not text.isascii() or "\0" in text:
        raise ValueError("no id")
    return text
