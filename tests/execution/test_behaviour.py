"""How operations are executed, in our words: each case has the answer that both executors must give."""

from collections.abc import Mapping
from enum import Enum
from types import SimpleNamespace
from typing import Any, Final

import pytest
import strawberry

from tests.execution.asking import said
from tests.execution.comparing import Told
from tests.execution.world import Later

pytestmark = pytest.mark.anyio


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


@strawberry.interface
class Pet:
    name: str


def _is(kind: str) -> Any:
    return classmethod(lambda _class, value, _info: value.kind == kind)


@strawberry.type
class Cat(Pet):
    is_type_of = _is("Cat")
    lives: int | None


@strawberry.type
class Dog(Pet):
    is_type_of = _is("Dog")
    barks: bool | None


@strawberry.type
class Box:
    text: str | None
    sure: str
    box: "Box | None"
    sure_box: "Box"
    boxes: "list[Box | None] | None"
    sure_boxes: "list[Box] | None"
    pet: Pet | None


@strawberry.type
class Query:
    text: str | None
    number: int | None
    share: float | None
    is_open: bool | None
    key: strawberry.ID | None
    colour: Colour | None
    texts: list[str] | None
    loose: list[str | None] | None
    grid: list[list[int | None] | None] | None
    sure_grid: list[list[int]] | None
    box: Box | None
    boxes: list[Box] | None
    loose_boxes: list[Box | None] | None
    pet: Pet | None
    pets: list[Pet | None] | None

    @strawberry.field
    def shout(self, text: str = "ho", times: int | None = 1) -> str | None:
        return None if times is None else text.upper() * times


SCHEMA: Final = strawberry.Schema(Query, types=[Cat, Dog])
SURE: Final = "Cannot return null for non-nullable field Box.sure."


def box(**values: Any) -> SimpleNamespace:
    given = {"text": "t", "sure": "s", "box": None, "sure_box": None, "boxes": None, "sure_boxes": None, "pet": None}
    return SimpleNamespace(**(given | values))


NO_TYPE: Final = (
    "Abstract type 'Pet' must resolve to an Object type at runtime for field 'Query.pets'. Either the 'Pet' type "
    "should provide a 'resolve_type' function or each possible type should provide an 'is_type_of' function."
)
TOM: Final = SimpleNamespace(kind="Cat", name="Tom", lives=9)
REX: Final = SimpleNamespace(kind="Dog", name="Rex", barks=True)
CASES: Final[Mapping[str, tuple[str, dict[str, Any], Any, list[Told]]]] = {
    "keys come in the order in which they are first selected": (
        "{ b: text a: number ... on Query { key b: text } }",
        {"text": "x", "number": 1, "key": "k"},
        {"b": "x", "a": 1, "key": "k"},
        [],
    ),
    "leaves are coerced": (
        "{ text number share isOpen key }",
        {"text": 5, "number": 3.0, "share": 2, "is_open": 1, "key": 7},
        {"text": "5", "number": 3, "share": 2.0, "isOpen": True, "key": "7"},
        [],
    ),
    "a leaf that cannot be coerced is null": (
        "{ number share text }",
        {"number": 2**31, "share": float("nan"), "text": "x"},
        {"number": None, "share": None, "text": "x"},
        [
            Told(("number",), f"Int cannot represent non 32-bit signed integer value: {2**31}", None),
            Told(("share",), "Float cannot represent non numeric value: nan", None),
        ],
    ),
    "enumerations are written by name, from members and from values": (
        "{ colour other: colour }",
        {"colour": Colour.BLUE},
        {"colour": "BLUE", "other": "BLUE"},
        [],
    ),
    "a value of an enumeration is written by its name": ("{ colour }", {"colour": "r"}, {"colour": "RED"}, []),
    "a null item is null where it may be": ("{ loose }", {"loose": ["a", None]}, {"loose": ["a", None]}, []),
    "a null item is its list's error where it may not be": (
        "{ texts text }",
        {"texts": ["a", None], "text": "x"},
        {"texts": None, "text": "x"},
        [Told(("texts", 1), "Cannot return null for non-nullable field Query.texts.", None)],
    ),
    "any iterable is a list, text is none": (
        "{ texts loose }",
        {"texts": (text for text in ("a", "b")), "loose": "ab"},
        {"texts": ["a", "b"], "loose": None},
        [Told(("loose",), "Expected Iterable, but did not find one for field 'Query.loose'.", None)],
    ),
    "an exception in a list is its item's error": (
        "{ loose }",
        {"loose": ["a", ValueError("no")]},
        {"loose": ["a", None]},
        [Told(("loose", 1), "no", None)],
    ),
    "lists in lists fail where they are": (
        "{ grid sureGrid }",
        {"grid": [[1, None, "x"], None, 5], "sure_grid": [[1], [2, None]]},
        {"grid": [[1, None, None], None, None], "sureGrid": None},
        [
            Told(("grid", 0, 2), "Int cannot represent non-integer value: 'x'", None),
            Told(("grid", 2), "Expected Iterable, but did not find one for field 'Query.grid'.", None),
            Told(("sureGrid", 1, 1), "Cannot return null for non-nullable field Query.sureGrid.", None),
        ],
    ),
    "a missing value nulls the nearest object that may be null": (
        "{ box { text box { sure text } } }",
        {"box": box(box=box(sure=None))},
        {"box": {"text": "t", "box": None}},
        [Told(("box", "box", "sure"), SURE, None)],
    ),
    "and goes on through those that may not": (
        "{ box { text sureBox { sureBox { sure } } } text }",
        {"box": box(sure_box=box(sure_box=box(sure=None))), "text": "x"},
        {"box": None, "text": "x"},
        [Told(("box", "sureBox", "sureBox", "sure"), SURE, None)],
    ),
    "in a list it nulls the item, or the list": (
        "{ looseBoxes { sure } boxes { sure } }",
        {"loose_boxes": [box(), box(sure=None)], "boxes": [box(), box(sure=None)]},
        {"looseBoxes": [{"sure": "s"}, None], "boxes": None},
        [Told(("boxes", 1, "sure"), SURE, None), Told(("looseBoxes", 1, "sure"), SURE, None)],
    ),
    "the same field asked for twice is one with both selections": (
        "{ box { text } box { sure } ...More } fragment More on Query { box { box { text } } }",
        {"box": box(box=box())},
        {"box": {"text": "t", "sure": "s", "box": {"text": "t"}}},
        [],
    ),
    "an abstract type is what its value is": (
        "{ pets { __typename name ... on Cat { lives } ... on Dog { barks } ...P } } fragment P on Pet { n: name }",
        {"pets": [TOM, REX, None]},
        {
            "pets": [
                {"__typename": "Cat", "name": "Tom", "lives": 9, "n": "Tom"},
                {"__typename": "Dog", "name": "Rex", "barks": True, "n": "Rex"},
                None,
            ]
        },
        [],
    ),
    "a value of no possible type is an error": (
        "{ pets { __typename } }",
        {"pets": [TOM, SimpleNamespace(kind="Cow", name="Elsa")]},
        {"pets": [{"__typename": "Cat"}, None]},
        [
            Told(
                ("pets", 1),
                NO_TYPE,
                None,
            )
        ],
    ),
    "what is skipped or not included is not there": (
        """{ text @skip(if: true) number @include(if: false) key @skip(if: false) @include(if: true)
        ... @include(if: false) { share } ...B @skip(if: true) } fragment B on Query { isOpen }""",
        {"key": "k"},
        {"key": "k"},
        [],
    ),
    "nothing selected is an empty answer": ("{ text @skip(if: true) }", {}, {}, []),
    "arguments have defaults, and null is none": (
        '{ a: shout b: shout(text: "x", times: 2) c: shout(times: null) }',
        {},
        {"a": "HO", "b": "XX", "c": None},
        [],
    ),
    "types are known of every object": (
        "{ __typename box { __typename pet { __typename } } }",
        {"box": box(pet=REX)},
        {"__typename": "Query", "box": {"__typename": "Box", "pet": {"__typename": "Dog"}}},
        [],
    ),
    "the schema can be asked about": (
        '{ __type(name: "Colour") { kind name enumValues { name } } __schema { queryType { name } } }',
        {},
        {
            "__type": {"kind": "ENUM", "name": "Colour", "enumValues": [{"name": "RED"}, {"name": "BLUE"}]},
            "__schema": {"queryType": {"name": "Query"}},
        },
        [],
    ),
    "what can be awaited is awaited, alone and in lists": (
        "{ text box { text } looseBoxes { sure } loose }",
        {
            "text": Later("x"),
            "box": Later(box()),
            "loose_boxes": [Later(box()), Later(ValueError("late")), None],
            "loose": [Later("a"), "b"],
        },
        {"text": "x", "box": {"text": "t"}, "looseBoxes": [{"sure": "s"}, None, None], "loose": ["a", "b"]},
        [Told(("looseBoxes", 1), "late", None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_it_is_answered_as_stated(case: str) -> None:
    text, values, data, errors = CASES[case]
    names = Query.__annotations__
    found = await said(SCHEMA, text, root=lambda: SimpleNamespace(**(dict.fromkeys(names) | _fresh(values))))
    assert found.data == data
    assert list(found.data) == list(data)
    assert found.errors == errors


def _fresh(values: dict[str, Any]) -> dict[str, Any]:
    """A generator serves one run."""
    return {
        name: iter(["a", "b"]) if name == "texts" and _is_generator(value) else value for name, value in values.items()
    }


def _is_generator(value: Any) -> bool:
    return hasattr(value, "gi_frame")
