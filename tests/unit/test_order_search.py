import pytest

from adapters.db.order_search import SearchTerms, search_terms, searchable
from adapters.db.text_values import storable
from tests.fixtures.order_rows import fulfillment, line, order, shipment


def test_keys_are_folded_and_words_are_those_of_the_names() -> None:
    of = order("1", number="ORD-1", external_number="Ext/7", buyer_name="Émile O'Neil")
    parts = [line(of, "1", sku="SKU-A", name="Blue Shirt, blue"), line(of, "2", sku="SKU-A", name="Ｗｉｄｅ")]
    parcels = [shipment(fulfillment(of, "1"), "1", tracking_number="DHL 1"), shipment(fulfillment(of, "1"), "2")]
    found = searchable(of, parts, parcels)
    assert found.search_keys == ["ord-1", "ext/7", "sku-a", "dhl 1"]
    assert found.search_text == "émile o neil blue shirt wide"


def test_what_cannot_be_a_lexeme_is_not_stored() -> None:
    of = order("1", number="N", external_number="x" * 2047, buyer_name="y" * 2047 + " ann a\0b \ud800")
    found = searchable(of, [])
    assert found.search_keys == ["n"]
    assert found.search_text == "ann a b"


@pytest.mark.parametrize("nothing", [None, "", " \t\n", "\u3000"])
def test_a_blank_search_is_none(nothing: str | None) -> None:
    assert search_terms(nothing) is None


@pytest.mark.parametrize(
    ("search", "keys", "words"),
    [
        ("ORD-1", "'ord-1':*", "'ord':* & '1':*"),
        (" Ann  ann LEE ", "'ann  ann lee':*", "'ann':* & 'lee':*"),
        ("o'neil", "'o''neil':*", "'o':* & 'neil':*"),
        ("a\\b", "'a\\\\b':*", "'a':* & 'b':*"),
        ("a:*|!&(b", "'a:*|!&(b':*", "'a':* & 'b':*"),
        ("---", "'---':*", ""),
        ("STRASSE", "'strasse':*", "'strasse':*"),
        ("straße", "'strasse':*", "'strasse':*"),
        ("a\0b", "", "'a':* & 'b':*"),
        ("\ud800", "", ""),
        ("x" * 2047, "", ""),
        ("ann " + "x" * 2047, "", ""),
    ],
)
def test_a_search_is_one_key_and_all_its_words(search: str, keys: str, words: str) -> None:
    assert search_terms(search) == SearchTerms(keys, words)


def test_texts_that_postgresql_cannot_hold_are_left_out() -> None:
    assert storable(["a", "b\0", "é", "é\0", "\ud800", "日本"]) == ["a", "é", "日本"]
