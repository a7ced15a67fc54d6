"""Chance that can be repeated: the same name rolls the same numbers, on every machine and in every process."""

import math
from random import Random


def dice(*name: object) -> Random:
    return Random(":".join(map(str, name)))  # noqa: S311  demo data is no secret


def span_s(rolls: Random, least_s: float, most_s: float) -> float:
    """A duration between the two, short ones more often than long ones."""
    return math.exp(rolls.uniform(math.log(least_s), math.log(most_s)))
