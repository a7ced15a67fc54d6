"""A synthetic schema of leaves and arguments: every built-in scalar, enumerations of all kinds, scalars that refuse, lists in lists."""

from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Final, NewType, TypeVar

import strawberry
from graphql import GraphQLError, StringValueNode, Undefined
from strawberry.schema.config import StrawberryConfig

from schema.execution.executor import Executor
from tests.execution.declaring import DECLARATIONS, Visit, called, derived, load, seen
from tests.execution.world import FAILURES, NOTHING, Make, Recipe, just, later

Info = strawberry.Info[Visit, Any]


_Day = Annotated["Day", strawberry.lazy(__name__)]


E = TypeVar("E", bound=Executor)


class Season(Enum):
    SPRING = "s1"
    SUMMER = "s2"
    FALL = "s3"
    AUTUMN = "s3"  # noqa: PIE796  an alias


class Planet(StrEnum):
    EARTH = "EARTH"
    MARS = "red one"


class Grade(IntEnum):
    LOW = 1
    HIGH = 10


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


for _enumeration in (Season, Planet, Grade, Size):
    strawberry.enum(_enumeration)

EvenNumber = NewType("EvenNumber", int)
Loud = NewType("Loud", str)
Anything = NewType("Anything", object)
Void = NewType("Void", object)


def _even(value: Any) -> int:
    if not isinstance(value, int) or value % 2:
        raise GraphQLError(f"{type(value).__name__} is not even", extensions={"code": "NOT_EVEN"})
    return value


def _even_literal(node: Any, _variables: Any = None) -> int:
    return _even(None if isinstance(node, StringValueNode) else int(getattr(node, "value", 1)))


def _quiet(value: Any) -> Any:
    if value == "silence":
        raise ValueError("too quiet")
    return value


SCALARS: Final[Mapping[object, Any]] = {
    EvenNumber: strawberry.scalar(name="Even", serialize=_even, parse_value=_even, parse_literal=_even_literal),
    Loud: strawberry.scalar(name="Loud", serialize=lambda value: str(value).upper(), parse_value=_quiet),
    Anything: strawberry.scalar(name="Anything", serialize=lambda value: value, parse_value=lambda value: value),
    Void: strawberry.scalar(name="Void", serialize=lambda _value: None, parse_value=lambda value: value),
}


@strawberry.input
class Where:
    needed: int
    text: str | None = "default"
    many: list[Season] | None = strawberry.UNSET
    even: EvenNumber | None = None
    inner: "Where | None" = None


@strawberry.type
class Day:
    id: strawberry.ID
    count: int
    maybe_count: int | None
    share: float
    maybe_share: float | None
    title: str
    maybe_title: str | None
    is_open: bool
    maybe_open: bool | None
    season: Season
    maybe_season: Season | None
    planet: Planet | None
    grade: Grade | None
    size: Size
    even: EvenNumber | None
    loud: Loud | None
    anything: Anything | None
    void: Void | None
    counts: list[int]
    maybe_counts: list[int | None] | None
    grid: list[list[int]]
    loose_grid: list[list[int | None] | None] | None
    seasons: list[Season] | None
    titles: list[str | None]
    louds: list[Loud] | None
    next: "Day | None"
    days: "list[Day]"
    weeks: "list[list[Day]] | None"
    loose_weeks: "list[list[Day | None] | None] | None"
    asked_title: str | None = called(str | None, "maybe_title")
    asked_counts: list[int] | None = called(list[int] | None, "asked_counts")
    asked_weeks: "list[list[Day] | None]" = called(list[list[_Day] | None], "weeks")
    length: int | None = derived(lambda day: len(day.title), int | None)
    visit: str = seen(lambda day, visit: f"{visit.world.number} {day.maybe_title}", str)
    visited: "list[Day | None] | None" = seen(
        lambda day, visit: visit.world.of(day, "loose_days"), list[_Day | None] | None
    )

    @strawberry.field
    def echo(self, info: Info, number: int, text: str = "a", many: list[int | None] | None = None) -> str:
        return f"{info.path.key} {number} {text} {many}"

    @strawberry.field
    async def where(self, where: Where, more: list[Where] | None = None) -> Anything:
        return Anything([_shown(where), [_shown(one) for one in more or ()]])

    @strawberry.field
    def chosen(
        self, season: Season = Season.SUMMER, planet: Planet | None = None, even: EvenNumber | None = None
    ) -> str:
        return f"{season.name} {planet} {even}"

    @strawberry.field
    async def loudly(
        self, loud: Loud | None = strawberry.UNSET, share: float | None = None, is_sure: bool = False
    ) -> str:
        if is_sure:
            raise GraphQLError("sure", extensions={"code": "SURE"})
        return f"{loud!r} {share} {is_sure}"


def _shown(where: Where) -> dict[str, Any]:
    inner = None if where.inner is None else _shown(where.inner)
    many = where.many if where.many in {None, strawberry.UNSET} else 0
    return {"needed": where.needed, "text": where.text, "many": str(many), "even": where.even, "inner": inner}


@strawberry.type
class Query:
    today: Day
    tomorrow: Day | None = called(Day | None, "next")
    days: list[Day] | None = called(list[Day] | None, "days")
    month: list[list[Day] | None] | None = called(list[list[Day] | None] | None, "weeks")


_DAY: Final[Make] = lambda thing: thing.child("Day", "next")  # noqa: E731  a recipe like its neighbours


def _list(*of: Make) -> Make:
    return lambda thing: [make(thing) for make in of]


def _set(*of: Any) -> Make:
    return lambda _thing: set(of)


def _generated(*of: Make) -> Make:
    return lambda thing: (make(thing) for make in of)


def _mixed(good: Sequence[Any], *bad: Any, more: Sequence[Make] = ()) -> Recipe:
    return Recipe(tuple(map(just, good)), (*map(just, bad), *more, *FAILURES, *NOTHING))


_NO_LISTS: Final = (just("text"), just(5), just({"a": 1}), *FAILURES, *NOTHING)
_BAD_ITEMS: Final = (
    _list(just(1), just(None)),
    _list(just("x"), just(2)),
    _list(FAILURES[3]),
    _list(later(just(3)), just(4)),
)
_WEEKS: Final = (
    _list(_list(_DAY, _DAY), _list(_DAY)),
    _list(),
    just(((),)),
    _list(_generated(_DAY, _DAY), _list(_DAY)),
)
_BAD_WEEKS: Final = (
    _list(_list(_DAY, just(None)), just(None), _list(_DAY)),
    _list(_generated(_DAY), _generated(just(None)), just(7)),
    _list(_list(later(_DAY), _DAY), _list(FAILURES[4])),
    _generated(_list(_DAY), _set(3)),
    *_NO_LISTS,
)
_INTEGERS: Final = _mixed((0, 7, -(2**31), 2**31 - 1), 2**31, "5", "five", 1.0, 1.5, True, [], Size.SMALL, Grade.HIGH)
_FLOATS: Final = _mixed((0.5, -0.0, 1e300, 2), 3, True, "1.5", "x", float("nan"), float("inf"), 10**400)
_TEXTS: Final = _mixed(("", "Ünï\n", "x" * 30), 5, 1.5, True, b"b", Planet.MARS, Season.FALL, [])
_SEASONS: Final = _mixed((*Season, "s1"), "SPRING", 3, [], Size.SMALL, Season)
_COUNTS: Final = Recipe((just([1, 2]), just((3,)), just([])), (_set(4), _generated(just(5)), *_BAD_ITEMS, *_NO_LISTS))

RECIPES: Final[Mapping[str, Recipe]] = {
    "count": _INTEGERS,
    "maybe_count": _INTEGERS,
    "share": _FLOATS,
    "maybe_share": _FLOATS,
    "title": _TEXTS,
    "maybe_title": _TEXTS,
    "is_open": _mixed((True, False), 1, 0, "yes", 0.0, float("nan"), []),
    "maybe_open": _mixed((True, False, None), 1, "", 2.5),
    "season": _SEASONS,
    "maybe_season": _SEASONS,
    "planet": _mixed((*Planet, None), "red one", "MARS", 5),
    "grade": _mixed((*Grade, 10, None), 11, "LOW", True),
    "size": _mixed((*Size, "small"), "SMALL", Season.SPRING, {}),
    "even": _mixed((0, 4, None), 3, "4", later, more=(later(just(2)), later(just(3)))),
    "loud": _mixed(("a", 5, None), "silence", more=(later(just("late")),)),
    "anything": _mixed((1, "a", [1, {"b": None}], None), float("nan"), more=(later(just({"a": 1})), later(just(None)))),
    "void": _mixed((None,), 1, more=(later(just(1)),)),
    "counts": _COUNTS,
    "maybe_counts": _COUNTS,
    "asked_counts": _COUNTS,
    "grid": Recipe(
        (just([[1], [2, 3]]), just(((), ()))), (_list(_set(1), _generated(just(2))), just([[1], None]), *_NO_LISTS)
    ),
    "loose_grid": Recipe((just([[1, None], None]),), (_list(_list(later(just(1))), just(5), just("ab")), *_NO_LISTS)),
    "seasons": Recipe((just(list(Season)), just(None)), (just([Season.FALL, "s9"]), just(Season), *_NO_LISTS)),
    "titles": Recipe((just(["a", None]),), (just(["a", 5, []]), just({"a": 1}.keys()), *_NO_LISTS)),
    "louds": Recipe((just(["a"]), just(None)), (_list(just("a"), later(just("b"))), _list(FAILURES[3]), *_NO_LISTS)),
    "today": Recipe((_DAY, later(_DAY)), (*FAILURES, *NOTHING)),
    "next": Recipe((_DAY, just(None), later(_DAY)), (just(5), *FAILURES, *NOTHING)),
    "days": Recipe(
        (_list(_DAY, _DAY), _list(), _generated(_DAY)), (_list(_DAY, just(None)), _list(later(_DAY)), *_NO_LISTS)
    ),
    "loose_days": Recipe(
        (_list(_DAY, just(None)), just(None)), (_list(_DAY, FAILURES[3], just(Undefined)), *_NO_LISTS)
    ),
    "weeks": Recipe(_WEEKS, _BAD_WEEKS),
    "loose_weeks": Recipe((*_WEEKS, just(None)), _BAD_WEEKS),
}
SCHEMA: Final = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


def executor(kind: type[E]) -> E:
    return kind(SCHEMA, DECLARATIONS, load)
