"""Accept: which media type an answer has. RFC 9110 §12.5.1: the most specific range that fits a type decides about it."""

from dataclasses import dataclass
from typing import Final

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
HTML: Final = "text/html"
ANSWERS: Final = (JSON, GRAPHQL_RESPONSE)
"""In our order of preference, where the caller has none: what clients of old expect comes first."""
ANSWERS_AND_PAGE: Final = (*ANSWERS, HTML)
UTF_8: Final = frozenset(("utf-8", "utf8"))


@dataclass(frozen=True, slots=True)
class MediaRange:
    """`position`: where it stands in the header; of two that are wanted equally, the first one wins."""

    main: str
    sub: str
    quality: float
    position: int

    @property
    def specificity(self) -> int:
        return (self.main != "*") + (self.sub != "*")

    def fits(self, media_type: str) -> bool:
        main, _, sub = media_type.partition("/")
        return self.main in {"*", main} and self.sub in {"*", sub}


def chosen(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The best of the offers; None: the caller takes none of them. Without an Accept header, the first."""
    if accept is None or not accept.strip():
        return offers[0]
    ranges = _ranges(accept)
    scores = {offer: score for offer in offers if (score := _score(offer, ranges)) is not None}
    return max(scores, key=scores.__getitem__) if scores else None


def media_type_of(content_type: str) -> tuple[str, dict[str, str]]:
    """The type and its parameters, in lower case."""
    head, *rest = content_type.split(";")
    pairs = (part.partition("=") for part in rest if part.strip())
    return head.strip().lower(), {name.strip().lower(): value.strip().strip('"').lower() for name, _, value in pairs}


def _ranges(accept: str) -> list[MediaRange]:
    found = (_range(part, position) for position, part in enumerate(accept.split(",")) if part.strip())
    return [media_range for media_range in found if media_range is not None]


def _range(part: str, position: int) -> MediaRange | None:
    """None: it names another charset than ours, or a quality that is none."""
    media_type, parameters = media_type_of(part)
    main, _, sub = media_type.partition("/")
    quality = _quality(parameters.get("q", "1"))
    if quality is None or parameters.get("charset", "utf-8") not in UTF_8:
        return None
    return MediaRange(main, sub, quality, position)


def _quality(text: str) -> float | None:
    whole, _, fraction = text.partition(".")
    is_number = whole in {"0", "1"} and (not fraction or (fraction.isascii() and fraction.isdigit()))
    return min(float(text), 1.0) if is_number else None


def _score(offer: str, ranges: list[MediaRange]) -> tuple[float, int, int] | None:
    fitting = [media_range for media_range in ranges if media_range.fits(offer)]
    if not fitting:
        return None
    best = max(fitting, key=lambda media_range: (media_range.specificity, -media_range.position))
    return (best.quality, best.specificity, -best.position) if best.quality > 0 else None
