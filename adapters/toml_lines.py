"""On which line of a TOML text something stands: `tomllib` does not tell."""

import re
import tomllib
from decimal import Decimal
from typing import Any, Final

KeyPath = tuple[str | int, ...]
"""Keys and positions in arrays, from the document's root."""

_PLACE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_END: Final = re.compile(r" \(at end of document\)$")


def parse_toml(text: str) -> dict[str, Any]:
    """Fractions become Decimals. Raises tomllib.TOMLDecodeError."""
    return tomllib.loads(text, parse_float=Decimal)


def syntax_error(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """The line and the sentence of a syntax error."""
    message = str(error)
    place = _PLACE.search(message)
    line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
    return line, _END.sub("", _PLACE.sub("", message))


def line_of(text: str, path: KeyPath) -> int:
    """The line on which the value at `path` begins; 1 for the root. The text must parse and hold it.

    Found by parsing ever longer beginnings of the text, until one holds the path: exact for every spelling of TOML, and
    slow only where it does not matter, when a file of a few dozen lines has an error to report.
    """
    lines = text.split("\n")
    complete = 0
    for count in range(1, len(lines) + 1):
        try:
            document = parse_toml("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # the text stops inside a value of several lines
        if _holds(document, path):
            break
        complete = count
    return complete + 1


def _holds(document: Any, path: KeyPath) -> bool:
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True
