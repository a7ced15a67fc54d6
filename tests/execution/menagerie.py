"""A synthetic schema of abstract types: interfaces of interfaces, unions, types that deny their values, names that are wrong.

Its attributes are read by a resolver of the schema's own, from objects and from dictionaries.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar, Union

import strawberry
from graphql import GraphQLError, Undefined
from strawberry.schema.config import StrawberryConfig

from schema.execution.executor import Executor
from tests.execution.declaring import DECLARATIONS, Fetch, called, derived, fetched, load
from tests.execution.world import FAILURES, NOTHING, Make, Recipe, Thing, just, later, raised

E = TypeVar("E", bound=Executor)


def _is(kind: str) -> Any:
    def is_type_of(_class: Any, value: Any, _info: Any) -> Any:
        return _attribute(value, "kind") == kind

    return classmethod(is_type_of)


def _attribute(source: Any, name: str) -> Any:
    if isinstance(source, Mapping):
        return source[name]
    if name == "kind" and not isinstance(source, Thing):
        return None
    return getattr(source, name)


@strawberry.interface
class Living:
    id: strawberry.ID
    name: str


@strawberry.interface
class Animal(Living):
    sound: str | None
    mate: "Animal | None"
    young: "list[Animal] | None"
    friends: "list[Animal | None]"
    keeper: "Keeper"
    fed_by: "Keeper | None" = fetched(
        Fetch("keepers", "keeper_id"), Annotated["Keeper", strawberry.lazy(__name__)] | None
    )


@strawberry.type
class Cat(Animal):
    is_type_of = _is("Cat")
    lives: int
    prey: "Prey | None"


@strawberry.type
class Dog(Animal):
    is_type_of = _is("Dog")
    lives: int
    barks: "list[str]"
    grove: "list[list[Living]] | None"


@strawberry.type
class Fish(Animal):
    depth: float | None

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> Any:
        """Denies some of its own, and is not always sure."""
        if _attribute(value, "kind") != "Fish":
            return False
        return {"f1": False, "f2": 0, "f3": 1}.get(value.id, True)


@strawberry.type
class Plant(Living):
    is_type_of = _is("Plant")
    height: float
    shadow: "Odd | None"


@strawberry.type
class Keeper:
    is_type_of = _is("Keeper")
    id: strawberry.ID
    name: str | None
    animals: list[Animal]
    pets: "list[Prey | None] | None"
    hobby: "Odd | None"


Prey = Annotated[Union[Fish, Plant, Keeper], strawberry.union("Prey")]  # noqa: UP007  strawberry names it


@strawberry.interface
class Odd:
    """Whose type is told by name, and not always rightly."""

    label: str | None

    @classmethod
    def resolve_type(cls, value: Any, _info: Any, _abstract: Any) -> Any:
        return _ODD_NAMES[_attribute(value, "name_kind")](value)


@strawberry.type
class Even(Odd):
    half: int
    next: Odd | None


@strawberry.type
class Uneven(Odd):
    rest: int | None
    mood: str | None


def _unnamed(_thing: Any) -> Any:
    raise GraphQLError("no name for it", extensions={"code": "UNNAMED"})


async def _named_later() -> str:
    return "Even"


_ODD_NAMES: Final[Mapping[str, Make]] = {
    "even": just("Even"),
    "uneven": just("Uneven"),
    "nowhere": just("Nowhere"),
    "other": just("Keeper"),
    "leaf": just("String"),
    "nothing": just(None),
    "number": just(5),
    "raises": _unnamed,
    "later": lambda _thing: _named_later(),
}


def _loud(parent: Any) -> str | None:
    name = _attribute(parent, "name")
    return None if name is None else str(name).upper()


@strawberry.type
class Query:
    cat: Cat | None
    dog: Dog = called(Dog, "dog")
    animal: Animal | None = called(Animal | None, "animal")
    animals: list[Animal] | None = called(list[Animal] | None, "animals")
    herd: list[list[Animal | None] | None] | None = called(list[list[Animal | None] | None] | None, "herd")
    living: list[Living | None] = called(list[Living | None], "animals")
    found: "Prey | None" = called(Prey | None, "prey")
    every: "list[Prey]" = called(list[Prey], "preys")
    odd: Odd | None = called(Odd | None, "odd")
    odds: list[Odd | None] | None = called(list[Odd | None] | None, "odds")
    keeper: Keeper | None = called(Keeper | None, "keeper")
    staff: list[Keeper] | None
    loud: str | None = derived(lambda _root: "LOUD", str | None)


def _one(*kinds: str) -> tuple[Make, ...]:
    def make(kind: str) -> Make:
        return lambda thing: thing.child(kind, kind)

    return tuple(make(kind) for kind in kinds)


def _many(of: Sequence[Make], *more: Make) -> tuple[Make, ...]:
    def make(count: int) -> Make:
        return lambda thing: [of[(thing.world.roll(thing.id, count, n)) % len(of)](thing) for n in range(count)]

    lists = tuple(map(make, (0, 1, 2, 3)))
    return (*lists, lambda thing: tuple(lists[2](thing)), lambda thing: iter(lists[1](thing)), *more)


def _dictionary(thing: Thing) -> Any:
    return {"kind": "Keeper", "id": "k99", "name": f"of {thing.id}", "animals": [], "pets": None, "keeper_id": "k1"}


_ANIMALS: Final = _one("Cat", "Dog", "Fish")
_WRONG: Final = (*_one("Keeper", "Nobody"), just(5), *FAILURES, *NOTHING)
_NO_LIST: Final = (just(5), just("text"), just({"a": 1}), *FAILURES, *NOTHING)
_ITEMS: Final = (*_ANIMALS, *_WRONG)
_PREY: Final = _one("Fish", "Plant", "Keeper")
_TEXTS: Final = tuple(map(just, ("", "Mio", 'quote"\n')))
_WRONG_TEXTS: Final = (just(5), just(True), just(1.5), just(b"bytes"), just([]), *FAILURES, *NOTHING)

_LOST: Final = raised(lambda: LookupError("no such keeper"))

RECIPES: Final[Mapping[str, Recipe]] = {
    "name": Recipe(_TEXTS, _WRONG_TEXTS),
    "sound": Recipe((*_TEXTS, just(None)), _WRONG_TEXTS),
    "label": Recipe((*_TEXTS, just(None)), _WRONG_TEXTS),
    "mood": Recipe(_TEXTS, _WRONG_TEXTS),
    "lives": Recipe(
        (just(9), just(0), just(-(2**31))), (just(2**31), just(True), just(9.0), just("nine"), *FAILURES, *NOTHING)
    ),
    "half": Recipe((just(1),), (just("x"), *NOTHING)),
    "rest": Recipe((just(1), just(None)), (just("x"), *FAILURES)),
    "depth": Recipe((just(1.5), just(None)), (just(float("nan")), just(float("inf")), just(3), just(False))),
    "height": Recipe((just(1.5),), (just(float("-inf")), just("tall"), *NOTHING)),
    "barks": Recipe((just(["wuff"]), just(())), (just([None]), just([["x"]]), just("wuff"), *FAILURES)),
    "mate": Recipe((*_ANIMALS, just(None), later(_ANIMALS[0])), _WRONG),
    "young": Recipe(_many(_ANIMALS, just(None)), (*_many(_ITEMS), *_NO_LIST)),
    "friends": Recipe(_many((*_ANIMALS, just(None))), (*_many(_ITEMS), *_NO_LIST)),
    "keeper": Recipe((*_one("Keeper"), _dictionary), _WRONG),
    "keeper_id": Recipe(tuple(map(just, ("k1", "k2", None))), (raised(lambda: AttributeError("no key")),)),
    "keepers": Recipe((*_one("Keeper", "Keeper"), _LOST), (just(None), _LOST, just(Undefined))),
    "prey": Recipe((*_PREY, just(None)), (*_one("Cat"), *_WRONG)),
    "grove": Recipe(
        (lambda t: [_many(_ANIMALS)[4](t), []], just(None)), (lambda t: [iter(_many(_ITEMS)[3](t))], *_NO_LIST)
    ),
    "shadow": Recipe((*_one("Odd"), just(None)), _WRONG),
    "hobby": Recipe((*_one("Odd"), later(_one("Odd")[0])), _WRONG),
    "next": Recipe((*_one("Odd"), just(None)), _WRONG),
    "name_kind": Recipe(
        tuple(map(just, ("even", "uneven", "even", "uneven", "nowhere", "other", "nothing"))),
        tuple(map(just, _ODD_NAMES)),
    ),
    "animals": Recipe(_many(_ANIMALS), (*_many(_ITEMS), *_NO_LIST)),
    "pets": Recipe(_many(_PREY), (*_many((*_PREY, *_ITEMS)), *_NO_LIST)),
    "cat": Recipe(_one("Cat"), _WRONG),
    "dog": Recipe((*_one("Dog"), later(_one("Dog")[0])), _WRONG),
    "animal": Recipe((*_ANIMALS, later(_ANIMALS[1])), _WRONG),
    "herd": Recipe((lambda t: [_many(_ANIMALS)[3](t), None, ()],), (lambda t: (_many(_ITEMS)[5](t), 5), *_NO_LIST)),
    "preys": Recipe(_many(_PREY), (*_many((*_PREY, *_ITEMS)), *_NO_LIST)),
    "odd": Recipe(_one("Odd"), _WRONG),
    "odds": Recipe(_many(_one("Odd")), (*_many((*_one("Odd"), *_WRONG)), *_NO_LIST)),
    "staff": Recipe(_many(_one("Keeper"))),
}
SCHEMA: Final = strawberry.Schema(
    Query,
    types=[Cat, Dog, Fish, Plant, Even, Uneven],
    config=StrawberryConfig(default_resolver=_attribute),
)


def executor(kind: type[E]) -> E:
    return kind(SCHEMA, DECLARATIONS, load)
