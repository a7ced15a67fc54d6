"""Objects whose attributes are drawn: the same number of the world gives the same values, good ones and, as often as its
`trouble` says, wrong ones. A value is made anew when it is read, so that what can be used only once can be used by each reader.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from zlib import crc32

from graphql import GraphQLError, Undefined

TURNS: Final = 40
"""Of the event loop, until an awaitable has its value: more than a load takes, or graphql-core's loaders might by chance ask for two
levels at once.
"""
ROOT: Final = "Root"
"""What fails here hides all that might fail beneath: so it fails less often."""
Make = Callable[["Thing"], Any]


class Recipe(NamedTuple):
    good: Sequence[Make]
    bad: Sequence[Make] = ()


class Later:
    """Can be awaited as often as one likes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "later"

    def __await__(self) -> Any:
        for _ in range(TURNS):
            yield
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@dataclass(frozen=True, slots=True)
class World:
    number: int
    trouble: int
    """Wrong values in a hundred."""
    recipes: Mapping[str, Recipe]

    @property
    def is_prompt(self) -> bool:
        """Whether nothing is waited for but loads. Else how often a loader asks is a matter of who waits for how long."""
        return self.number % 2 == 0

    def roll(self, *of: Any) -> int:
        return crc32(repr((self.number, of)).encode())

    def of(self, thing: Any, name: str) -> Any:
        recipe = self.recipes[name]
        given = thing if isinstance(thing, Thing) else self.root
        roll = self.roll(given.id, name)
        trouble = self.trouble // 4 if given.kind == ROOT else self.trouble
        choices = recipe.bad if recipe.bad and roll % 100 < trouble else recipe.good
        return choices[roll // 100 % len(choices)](given)

    @property
    def root(self) -> "Thing":
        return Thing(self, ROOT, "root")

    def batch(self, loader: str, keys: Sequence[Any]) -> list[Any]:
        """The whole loader fails in some worlds, one of its keys by itself in others."""
        if self.roll(loader) % 100 < self.trouble:
            return [ConnectionError(f"{loader} is down")] * len(keys)
        return [_caught(lambda thing: self.of(thing, loader), Thing(self, loader, str(key))) for key in keys]


class Thing:
    def __init__(self, world: World, kind: str, thing_id: str) -> None:
        self.__dict__.update(world=world, kind=kind, id=thing_id)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.__dict__["world"].of(self, name)

    def child(self, kind: str, name: str) -> "Thing":
        """Few ids, so that the same ones are met again."""
        return Thing(self.world, kind, f"{kind[0].lower()}{self.world.roll(self.id, name) % 12}")


def raised(make: Callable[[], Exception]) -> Make:
    def fail(_thing: Thing) -> Any:
        raise make()

    return fail


def just(value: Any) -> Make:
    return lambda _thing: value


def later(make: Make) -> Make:
    """At once in a prompt world."""
    return lambda thing: make(thing) if thing.world.is_prompt else Later(_caught(make, thing))


def _caught(make: Make, thing: Thing) -> Any:
    try:
        return make(thing)
    except Exception as error:  # noqa: BLE001  raised when it is awaited
        return error


def coded() -> GraphQLError:
    return GraphQLError("refused", extensions={"code": "REFUSED"})


FAILURES: Final[tuple[Make, ...]] = (
    raised(lambda: ValueError("no such value")),
    raised(lambda: GraphQLError("no code")),
    raised(coded),
    lambda _thing: ValueError("returned"),
    lambda _thing: coded(),
    later(raised(lambda: KeyError("late"))),
    later(raised(coded)),
)
NOTHING: Final[tuple[Make, ...]] = (just(None), just(None), just(Undefined), later(just(None)))
