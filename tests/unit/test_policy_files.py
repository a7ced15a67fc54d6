import json
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from adapters.policy_files import PolicyError, load_policies, policy_key
from adapters.policy_forms import DURATION, ENTRY_FORMS, FORMS
from domain.policies import ChannelPolicy, Limits, Policies, StockRules, Timeouts, UnitPolicy
from domain.values.enums import CapturePolicy, ChannelKind, StockPolicy

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"

ACME = """\
code = "acme"
name = "Acme"
currency = "EUR"
country = "DE"
"""
CHANNELS = """\
[[channels]]
code = "shop"
name = "Shop"
kind = "STOREFRONT"
business_units = ["acme"]
"""


def load(folder: Path, channels: str | None = CHANNELS, **units: str) -> Policies:
    for name, text in units.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    if channels is not None:
        (folder / "channels.toml").write_text(channels, encoding="utf-8")
    return load_policies(folder)


def problems(folder: Path, channels: str | None = CHANNELS, **units: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as refused:
        load(folder, channels, **units)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def test_the_packaged_policies_are_those_of_the_demo() -> None:
    policies = load_policies()
    assert {code: (unit.currency, unit.country, unit.prices_include_tax) for code, unit in policies.units.items()} == {
        "electronics-us": ("USD", "US", False),
        "fashion-eu": ("EUR", "DE", True),
        "marketplace-br": ("BRL", "BR", True),
    }
    assert {code: channel.kind for code, channel in policies.channels.items()} == {
        "storefront-eu": ChannelKind.STOREFRONT,
        "storefront-us": ChannelKind.STOREFRONT,
        "app": ChannelKind.APP,
        "partner-concierge": ChannelKind.PARTNER,
        "partner-bulkbuy": ChannelKind.PARTNER,
        "feira": ChannelKind.MARKETPLACE,
        "store-berlin": ChannelKind.STORE,
        "legacy-olist": ChannelKind.LEGACY,
        "legacy-erp": ChannelKind.LEGACY,
    }
    trusted = [code for code, channel in policies.channels.items() if channel.may_assert_payments]
    assert trusted == [code for code, channel in policies.channels.items() if channel.has_own_prices]
    assert trusted == ["partner-bulkbuy"]
    legacy = policies.channel("legacy-olist")
    assert legacy is not None
    assert legacy.business_units == ("marketplace-br",)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path, acme=ACME) == Policies(
        {"acme": UnitPolicy("acme", "Acme", "EUR", "DE")},
        {"shop": ChannelPolicy("shop", "Shop", ChannelKind.STOREFRONT, ("acme",))},
    )


def test_every_table_is_read(tmp_path: Path) -> None:
    text = f"""{ACME}
prices_include_tax = true
capture = "AT_SHIPMENT"
timeouts = {{ pay = "90s", confirm = "24h" }}
[limits]
units_per_sku = 5
manual_discount_rate = 0.1
[stock]
policy = "DEDUCT_ON_ORDER"
[stock.by_category]
gift-cards = "NONE"
"""
    channels = f"{CHANNELS}has_own_prices = true\nmay_assert_payments = true\n"
    policies = load(tmp_path, channels, acme=text)
    assert policies.unit("acme") == UnitPolicy(
        code="acme",
        name="Acme",
        currency="EUR",
        country="DE",
        prices_include_tax=True,
        capture=CapturePolicy.AT_SHIPMENT,
        timeouts=Timeouts(pay_s=90, confirm_s=86_400),
        limits=Limits(units_per_sku=5, manual_discount_rate=Decimal("0.1")),
        stock=StockRules(StockPolicy.DEDUCT_ON_ORDER, {"gift-cards": StockPolicy.NONE}),
    )
    assert policies.channel("shop") == ChannelPolicy(
        "shop", "Shop", ChannelKind.STOREFRONT, ("acme",), has_own_prices=True, may_assert_payments=True
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('timeouts.pay = "30x"', 'timeouts.pay: "30x" is not a duration like 30m, 24h or 15d'),
        ('timeouts.pay = "0m"', 'timeouts.pay: "0m" is not a duration like 30m, 24h or 15d'),
        ("timeouts.pay = 30", "timeouts.pay: 30 is not a duration like 30m, 24h or 15d"),
        ('timeouts.pya = "30m"', "timeouts.pya: is no key of this table; did you mean pay?"),
        ('timeouts.pay_s = "30m"', "timeouts.pay_s: is no key of this table; did you mean pay?"),
        ("timeouts = 3", "timeouts: 3 is not a table"),
        ("shape = 1", "shape: is no key of this table"),
        ("capturing = 1", "capturing: is no key of this table; did you mean capture?"),
        ("limits.units_per_sku = 0", "limits.units_per_sku: 0 is not a whole number of at least 1"),
        ("limits.units_per_sku = true", "limits.units_per_sku: true is not a whole number of at least 1"),
        ("limits.receipt_extensions = -1", "limits.receipt_extensions: -1 is not a whole number of at least 0"),
        ("limits.manual_discount_rate = 1.5", "limits.manual_discount_rate: 1.5 is not a rate from 0 to 1, like 0.20"),
        ("limits.manual_discount_rate = nan", "limits.manual_discount_rate: NaN is not a rate from 0 to 1, like 0.20"),
        ('prices_include_tax = "yes"', 'prices_include_tax: "yes" is not true or false'),
        ('capture = "LATER"', 'capture: "LATER" is not one of AT_CONFIRMATION, AT_SHIPMENT'),
        ("stock.by_category = []", "stock.by_category: [] is not a table"),
        (
            'stock.by_category.shoes = "SOME"',
            'stock.by_category.shoes: "SOME" is not one of DEDUCT_ON_ORDER, RESERVE_ON_ORDER, DEDUCT_ON_PAYMENT, NONE',
        ),
    ],
)
def test_a_wrong_value_is_told_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    assert problems(tmp_path, acme=f"{ACME}# a comment\n\n{line}\n") == (f"acme.toml:7: {problem}",)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("code", '"Acme"', '"Acme" is not a code like fashion-eu (small letters, digits, hyphens)'),
        ("name", '" "', '" " is not a text'),
        ("currency", '"XXX"', '"XXX" is not a currency that is traded here, like EUR'),
        ("currency", '["EUR"]', '["EUR"] is not a currency that is traded here, like EUR'),
        ("country", '"Germany"', '"Germany" is not a country of two capital letters, like DE'),
        ("country", "1979-05-27", '"1979-05-27" is not a country of two capital letters, like DE'),
    ],
)
def test_a_unit_is_told_what_names_it(tmp_path: Path, key: str, value: str, problem: str) -> None:
    text = re.sub(f"(?m)^{key} = .*$", f"{key} = {value}", ACME)
    line = [part.split(" ")[0] for part in ACME.splitlines()].index(key) + 1
    channels = CHANNELS.replace('"acme"', '"Acme"') if key == "code" else CHANNELS
    found = problems(tmp_path, channels, acme=text)
    assert found[0] == f"acme.toml:{line}: {key}: {problem}"


def test_all_problems_of_all_files_are_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    unit = 'naem = "Acme"\ncode = "acme"\ncurrency = "EUR"\n[timeouts]\npay = "x"\naccept = "y"\n'
    channels = f'{CHANNELS}[[channels]]\ncode = "shop"\nkind = "SHOP"\nbusiness_units = []\n'
    assert problems(tmp_path, channels, acme=unit, zeta="code = ") == (
        "acme.toml:1: naem: is no key of this table; did you mean name?",
        "acme.toml:1: name: is missing",
        "acme.toml:1: country: is missing",
        'acme.toml:5: timeouts.pay: "x" is not a duration like 30m, 24h or 15d',
        'acme.toml:6: timeouts.accept: "y" is not a duration like 30m, 24h or 15d',
        "zeta.toml:1: Invalid value",
        "channels.toml:6: channels.name: is missing",
        'channels.toml:8: channels.kind: "SHOP" is not one of STOREFRONT, APP, PARTNER, MARKETPLACE, STORE, LEGACY',
        'channels.toml:9: channels.business_units: [] is not a list of codes of business units, like ["fashion-eu"]',
    )


def test_a_value_of_several_lines_is_told_where_it_begins(tmp_path: Path) -> None:
    unit = f'{ACME}prices_include_tax = """\nno\n[timeouts]\n"""\n\n[limits]\nunits_per_sku = [\n  1,\n]\n'
    assert problems(tmp_path, acme=unit) == (
        'acme.toml:5: prices_include_tax: "no\\n[timeouts]\\n" is not true or false',
        "acme.toml:11: limits.units_per_sku: [1] is not a whole number of at least 1",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{ACME}name = "B"\n', "acme.toml:5: Cannot overwrite a value"),
        (f"{ACME}\nlimits\n", "acme.toml:6: Expected '=' after a key in a key/value pair"),
        (f'{ACME}name = """\n', "acme.toml:5: Unterminated string"),
    ],
)
def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, acme=text) == (problem,)


def test_two_units_with_one_code_are_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, acme=ACME, other=ACME) == ('other.toml:1: code: "acme" is the code of acme.toml already',)


def test_two_channels_with_one_code_are_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, CHANNELS + CHANNELS, acme=ACME)
    assert found == ('channels.toml:7: channels.code: "shop" is the code of an earlier channel',)


def test_a_channel_of_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, CHANNELS.replace('["acme"]', '["acme", "acmee"]'), acme=ACME)
    assert found == ("channels.toml:5: channels.business_units: there is no business unit acmee; did you mean acme?",)


def test_a_unit_with_errors_is_known_to_its_channels_all_the_same(tmp_path: Path) -> None:
    assert problems(tmp_path, acme=ACME.replace("DE", "Germany")) == (
        'acme.toml:4: country: "Germany" is not a country of two capital letters, like DE',
    )


@pytest.mark.parametrize(
    ("channels", "problem"),
    [
        (None, "channels.toml: is missing"),
        ("", "channels.toml:1: channels: there are none; each is a table that begins with [[channels]]"),
        ("channels = 5", "channels.toml:1: channels: there are none; each is a table that begins with [[channels]]"),
        ("channels = [5]", "channels.toml:1: channels: 5 is not a table"),
        (f"{CHANNELS}[channel]\n", "channels.toml:6: channel: is no key of this file; did you mean channels?"),
    ],
)
def test_channels_must_be_there(tmp_path: Path, channels: str | None, problem: str) -> None:
    assert problems(tmp_path, channels, acme=ACME) == (problem,)


def test_a_folder_without_units_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path) == (
        "channels.toml:5: channels.business_units: there is no business unit acme",
        f"{tmp_path}: has no file of a business unit",
    )


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        load_policies(tmp_path / "none")
    assert refused.value.problems == (f"{tmp_path / 'none'}: is not a folder",)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"name = \xff")
    assert problems(tmp_path, acme=ACME) == ("bytes.toml: is not UTF-8 text",)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    assert problems(tmp_path, acme=ACME) == ("folder.toml: cannot be read: Is a directory",)


def leaves(kind: type[Any], prefix: str) -> Iterator[tuple[str, str, Any]]:
    """Each key with its dotted path, its field's name and its default."""
    hints = get_type_hints(kind)
    for part in fields(kind):
        path = f"{prefix}{policy_key(part.name)}"
        if is_dataclass(hints[part.name]):
            yield from leaves(hints[part.name], f"{path}.")
        else:
            yield path, part.name, part.default


KEYS = [*leaves(UnitPolicy, ""), *leaves(ChannelPolicy, "channels.")]


def test_every_key_has_a_form() -> None:
    without = [name for _, name, _ in KEYS if not name.endswith("_s") and name not in FORMS | ENTRY_FORMS]
    assert without == []


def test_the_page_names_every_key_with_its_default() -> None:
    rows = re.findall(r"(?m)^\| `([a-z_.]+)` \| (\S+) \| `", PAGE.read_text(encoding="utf-8"))
    assert [(key, default_read(name, text)) for (key, text), (_, name, _) in zip(rows, KEYS, strict=True)] == [
        (key, None if default is MISSING else default) for key, _, default in KEYS
    ]


def default_read(name: str, text: str) -> Any:
    """What a default on the page means; None: there is none, or it is an empty table."""
    if text in {"–", "none"}:
        return None
    value = text.strip("`").strip('"')
    written: Any = {"true": True, "false": False}.get(value, value)
    if value.startswith("["):
        written = json.loads(text.strip("`"))
    if re.fullmatch(r"[0-9.]+", value):
        written = Decimal(value) if "." in value else int(value)
    return (DURATION if name.endswith("_s") else FORMS[name]).read(written)
