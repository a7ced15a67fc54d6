"""Cuts a stream of CSV rows into pieces of whole rows: a line break between quotes is part of a value."""

from collections.abc import Iterator


class RowPieces:
    def __init__(self, piece_bytes: int) -> None:
        self.lines = 0
        """About as many rows came so far: a value with a line break counts double."""
        self._piece_bytes = piece_bytes
        self._gathered = bytearray()

    def gather(self, data: bytes) -> Iterator[bytes]:
        """The pieces that are whole now: each as long as the others, and to the end of its last row."""
        self._gathered += data
        self.lines += data.count(b"\n")
        while end := self._end_of_row():
            yield bytes(self._gathered[:end])
            del self._gathered[:end]

    def rest(self) -> bytes:
        """What is left at the end of the stream."""
        rest = bytes(self._gathered)
        self._gathered.clear()
        return rest

    def _end_of_row(self) -> int:
        """Of the row in which the piece becomes long enough; 0: it is not all here."""
        if len(self._gathered) < self._piece_bytes:
            return 0
        at = self._piece_bytes - 1
        quotes = self._gathered.count(b'"', 0, at)
        while (end := self._gathered.find(b"\n", at)) >= 0:
            quotes += self._gathered.count(b'"', at, end)
            if quotes % 2 == 0:
                return end + 1
            at = end + 1
        return 0
