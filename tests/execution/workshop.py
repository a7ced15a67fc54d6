"""A synthetic schema of loads: keys that fail, loaders that are down, objects made of parts, resolvers that load what their level
loads too, and mutations that change one object in place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import strawberry
from graphql import GraphQLError, Undefined

from schema.execution.executor import Executor
from tests.execution.declaring import DECLARATIONS, Fetch, Pieces, Visit, called, derived, fetched, load, seen
from tests.execution.world import FAILURES, NOTHING, Make, Recipe, Thing, just, later, raised

Info = strawberry.Info[Visit, Any]
E = TypeVar("E", bound=Executor)
FIRST: Final = strawberry.ID("p1")
_Part = Annotated["Part", strawberry.lazy(__name__)]
_Maker = Annotated["Maker", strawberry.lazy(__name__)]


@dataclass(frozen=True, slots=True)
class Price:
    amount: Any
    unit: Any


@strawberry.type
class Money:
    amount: int
    unit: str
    words: str | None = derived(lambda price: f"{price.amount} {price.unit}", str | None)


def _price(part: Any) -> Price | None:
    return None if part.cents is None else Price(part.cents, part.unit)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("no whole number")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("no text")
    return value


_PIECES: Final = Pieces(
    ("cents", "unit"),
    {"amount": lambda cents, _unit: _whole(cents), "unit": lambda _cents, unit: _text(unit)},
)


def _with_name(part: Any, maker: Any) -> str | None:
    if maker is None:
        return None
    if part.id.endswith("3"):
        raise GraphQLError("then it failed", extensions={"code": "THEN"})
    return f"{part.id} of {maker.id}"


@strawberry.type
class Maker:
    id: strawberry.ID
    name: str
    best: "Part | None" = fetched(Fetch("parts", "best_id"), _Part | None)
    parts: "list[Part] | None" = fetched(Fetch("parts_of", "id"), list[_Part] | None)
    rival: "Maker" = fetched(Fetch("makers", "rival_id"), _Maker)


@strawberry.type
class Part:
    id: strawberry.ID
    name: str
    hint: str | None
    price: Money | None = derived(_price, Money | None, _PIECES)
    cost: Money = derived(_price, Money, _PIECES)
    maker: Maker | None = fetched(Fetch("makers", "maker_id"), Maker | None)
    sure_maker: Maker = fetched(Fetch("makers", "maker_id"), Maker)
    made_by: str | None = fetched(Fetch("makers", "maker_id", _with_name), str | None)
    surely_by: str = fetched(Fetch("makers", "maker_id", _with_name), str)
    twin: "Part | None" = fetched(Fetch("parts", "twin_id"), _Part | None)
    pieces: "list[Part | None] | None" = fetched(Fetch("pieces", "id"), list[_Part | None] | None)
    tags: list[str] | None = fetched(Fetch("tags", "id"), list[str] | None)
    inner: "Part | None"
    part_list: "list[Part]"
    place: str | None = seen(lambda part, visit: f"{part.id}@{visit.world.number % 3}", str | None)
    risky: int = seen(lambda part, visit: visit.world.of(part, "risky"), int)
    called_name: str | None = called(str | None, "name")
    called_part: "Part | None" = called(_Part | None, "inner")

    @strawberry.field
    async def same_maker(self, info: Info, times: int = 1) -> list[Maker] | None:
        """Asks for what its level may load too."""
        key = getattr(self, "maker_id")  # noqa: B009  a thing of the world, no Part
        return None if key is None else [await info.context.load("makers", key) for _ in range(times)]

    @strawberry.field
    async def found(self, info: Info, id: strawberry.ID = FIRST) -> _Part | None:  # noqa: A002
        part: Any = await info.context.load("parts", id)
        return part  # type: ignore[no-any-return]


@strawberry.type
class Holder:
    the_number: int
    times: int | None
    part: Part | None = fetched(Fetch("parts", "part_id"), Part | None)


class _Held:
    """One for each visit: mutations change it in place."""

    part_id = "p2"

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    @property
    def the_number(self) -> int | None:
        return self._visit.numbers.get("held", 0)

    @property
    def times(self) -> int:
        return self._visit.numbers.get("times", 0)


def _changed(visit: Visit, to: int) -> Any:
    visit.numbers["held"] = to
    visit.numbers["times"] = visit.numbers.get("times", 0) + 1
    return _Held(visit)


@strawberry.type
class Query:
    part: Part | None
    sure_part: Part = called(Part, "part")
    part_list: list[Part] | None
    many: list[Part | None] = called(list[Part | None], "pieces")
    maker: Maker | None = called(Maker | None, "maker")

    @strawberry.field
    async def by_id(self, info: Info, id: strawberry.ID) -> Part | None:  # noqa: A002
        part: Any = await info.context.load("parts", id)
        return part  # type: ignore[no-any-return]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def set_number(self, info: Info, to: int = 1) -> Holder | None:
        return _changed(info.context, to)  # type: ignore[no-any-return]

    @strawberry.mutation
    async def set_later(self, info: Info, to: int = 2) -> Holder:
        return _changed(info.context, to)  # type: ignore[no-any-return]

    @strawberry.mutation
    def fail(self, info: Info) -> Holder | None:
        _changed(info.context, 7)
        raise GraphQLError("it failed", extensions={"code": "FAILED"})

    @strawberry.mutation
    async def fail_hard(self, info: Info, is_sure: bool = True) -> Holder:
        held = _changed(info.context, 8)
        if is_sure:
            raise ValueError("it failed hard")
        return held  # type: ignore[no-any-return]


_PART: Final[Make] = lambda thing: thing.child("Part", "part")  # noqa: E731  a recipe like its neighbours
_MAKER: Final[Make] = lambda thing: thing.child("Maker", "maker")  # noqa: E731


def _parts(count: int, *more: Make) -> Make:
    return lambda t: [*(t.child("Part", f"part {n}") for n in range(count)), *(make(t) for make in more)]


def _loaded(kind: str) -> Make:
    return lambda thing: Thing(thing.world, kind, thing.id)


_ODD_KEY: Final = raised(lambda: AttributeError("no key"))
_LOST: Final = (raised(lambda: LookupError("this one is lost")), just(None), just(Undefined), just(5))
_NO_LIST: Final = (just(5), *FAILURES, *NOTHING)
_TEXTS: Final = Recipe((just("bolt"), just("")), (just(5), just(None), *FAILURES))

RECIPES: Final[Mapping[str, Recipe]] = {
    "name": _TEXTS,
    "hint": _TEXTS,
    "cents": Recipe((just(100), just(0), just(None)), (just(1.5), *FAILURES[:3])),
    "unit": Recipe((just("EUR"),), (just(5), just(None), *FAILURES[:3])),
    "risky": Recipe((just(3),), (just("x"), *FAILURES, *NOTHING)),
    "maker_id": Recipe(tuple(map(just, ("m1", "m2", "m3", "m4"))), (just(None), just(None), _ODD_KEY)),
    "rival_id": Recipe(tuple(map(just, ("m5", "m6"))), (just(None), _ODD_KEY)),
    "best_id": Recipe(tuple(map(just, ("p1", "p2", "p3", None))), (_ODD_KEY,)),
    "twin_id": Recipe(tuple(map(just, ("p1", "p2", "p5", None))), (_ODD_KEY,)),
    "makers": Recipe((_loaded("Maker"), _loaded("Maker"), _LOST[0]), _LOST),
    "parts": Recipe((_loaded("Part"), _loaded("Part"), _LOST[0]), _LOST),
    "parts_of": Recipe((_parts(2), _parts(0), just(None)), (*_LOST, _parts(1, just(None)))),
    "pieces": Recipe(
        (_parts(3), _parts(1, just(None))), (*_LOST, _parts(1, FAILURES[3]), lambda t: iter(_parts(2)(t)))
    ),
    "tags": Recipe((just(["a"]), just([]), just(None)), (*_LOST, just(["a", None]), just({"b"}))),
    "part": Recipe((_PART, later(_PART)), (*FAILURES, *NOTHING)),
    "inner": Recipe((_PART, just(None), later(_PART)), (just(5), *FAILURES, *NOTHING)),
    "part_list": Recipe(
        (_parts(3), _parts(0), lambda t: tuple(_parts(2)(t))),
        (_parts(1, just(None)), _parts(1, later(_PART)), *_NO_LIST),
    ),
    "maker": Recipe((_MAKER, later(_MAKER)), (*FAILURES, *NOTHING)),
}
SCHEMA: Final = strawberry.Schema(Query, Mutation)


def executor(kind: type[E]) -> E:
    return kind(SCHEMA, DECLARATIONS, load)
