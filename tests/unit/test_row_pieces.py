"""Pieces are whole rows, however the stream arrives."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.row_pieces import RowPieces

ROWS = st.lists(st.sampled_from([b"a,b\n", b'"x\ny",1\n', b'"a ""q"" \n\n",\n', b'"",""\n', b"\n"]), max_size=30)


def pieces_of(stream: bytes, piece_bytes: int, part: int) -> list[bytes]:
    pieces = RowPieces(piece_bytes)
    parts = [stream[at : at + part] for at in range(0, len(stream), part)]
    found = [piece for data in parts for piece in pieces.gather(data)]
    rest = pieces.rest()
    return [*found, *([rest] if rest else [])]


@given(ROWS, st.integers(1, 60), st.integers(1, 50))
def test_they_are_the_stream_cut_between_rows(rows: list[bytes], piece_bytes: int, part: int) -> None:
    stream = b"".join(rows)
    pieces = pieces_of(stream, piece_bytes, part)
    assert b"".join(pieces) == stream
    ends, at = set(), 0
    for row in rows:
        at += len(row)
        ends.add(at)
    cut = 0
    for piece in pieces:
        cut += len(piece)
        assert cut in ends
    assert all(len(piece) >= piece_bytes for piece in pieces[:-1])


@given(ROWS, st.integers(1, 60))
def test_how_it_arrives_makes_no_difference(rows: list[bytes], piece_bytes: int) -> None:
    stream = b"".join(rows)
    assert pieces_of(stream, piece_bytes, 1) == pieces_of(stream, piece_bytes, max(1, len(stream)))
