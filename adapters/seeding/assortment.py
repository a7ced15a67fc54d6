"""What the demo's business units sell: tables of product kinds. Prices are in euros; `PRICE_LEVELS` turns them into others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.values.enums import SupplyChannel

SIZES: Final = ("XS", "S", "M", "L", "XL")
COLOURS: Final = ("black", "white", "navy", "olive", "sand", "red")


@dataclass(frozen=True, slots=True)
class Kind:
    category: str
    nouns: tuple[str, ...]
    lowest: int
    highest: int
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    supply: SupplyChannel = SupplyChannel.OWN
    delivery_mode: str | None = None


@dataclass(frozen=True, slots=True)
class Assortment:
    adjectives: tuple[str, ...]
    kinds: tuple[Kind, ...]
    sellers: tuple[str, ...] = ()
    """Of goods that others sell: their names."""


_CLOTHES: Final = {"size": SIZES, "colour": COLOURS}
_SHOES: Final = {"size": ("37", "38", "39", "40", "41", "42", "43", "44"), "colour": COLOURS[:4]}

ASSORTMENTS: Final[Mapping[str, Assortment]] = {
    "fashion-eu": Assortment(
        ("Linen", "Cotton", "Merino", "Silk", "Denim", "Velvet", "Corduroy", "Jersey", "Organic", "Recycled"),
        (
            Kind("shirts", ("Shirt", "Blouse", "Polo", "Tee"), 19, 89, _CLOTHES),
            Kind("dresses", ("Dress", "Skirt", "Jumpsuit"), 39, 189, _CLOTHES),
            Kind("knitwear", ("Cardigan", "Pullover", "Turtleneck"), 49, 169, _CLOTHES),
            Kind("trousers", ("Trousers", "Chinos", "Shorts"), 39, 129, _CLOTHES),
            Kind("shoes", ("Sneaker", "Loafer", "Boot", "Sandal"), 59, 229, _SHOES),
            Kind("bags", ("Tote", "Backpack", "Clutch"), 29, 249, {"colour": COLOURS}, SupplyChannel.DROPSHIP),
            Kind("outlet", ("Jacket", "Coat", "Scarf"), 25, 119, _CLOTHES),
            Kind("gift-cards", ("Gift Card",), 10, 100, {}, delivery_mode="email"),
        ),
    ),
    "electronics-us": Assortment(
        ("Nova", "Atlas", "Pulse", "Zenith", "Orbit", "Vertex", "Lumen", "Quark", "Delta", "Echo"),
        (
            Kind("phones", ("Phone", "Phone Mini", "Phone Max"), 249, 1199, {"storage": ("128 GB", "256 GB")}),
            Kind("laptops", ("Laptop 13", "Laptop 15", "Workstation"), 599, 2399, {"memory": ("16 GB", "32 GB")}),
            Kind("audio", ("Headphones", "Earbuds", "Speaker", "Soundbar"), 39, 449, {"colour": COLOURS[:2]}),
            Kind("cameras", ("Camera", "Action Cam", "Lens"), 149, 1499),
            Kind("smart-home", ("Thermostat", "Doorbell", "Hub", "Light Kit"), 29, 249),
            Kind("accessories", ("Charger", "Cable", "Case", "Stand"), 9, 79, {}, SupplyChannel.DROPSHIP),
            Kind("software", ("Photo Suite", "Security", "Office"), 29, 199, {}, delivery_mode="download"),
        ),
    ),
    "marketplace-br": Assortment(
        ("Ipê", "Aroeira", "Caju", "Guaraná", "Jatobá", "Açaí", "Cerrado", "Pampa", "Mata", "Serra"),
        (
            Kind("beauty", ("Shampoo", "Creme", "Perfume"), 5, 59, {}, SupplyChannel.SELLER),
            Kind("home", ("Rede", "Panela", "Toalha", "Luminária"), 9, 149, {}, SupplyChannel.SELLER),
            Kind("toys", ("Boneca", "Quebra-cabeça", "Carrinho"), 5, 79, {}, SupplyChannel.SELLER),
            Kind("sports", ("Bola", "Mochila", "Bicicleta"), 15, 399, {}, SupplyChannel.SELLER),
            Kind("books", ("Romance", "Atlas", "Livro de Receitas"), 4, 39),
            Kind("garden", ("Vaso", "Semente", "Mangueira"), 3, 69, {}, SupplyChannel.SELLER),
        ),
        ("Casa Aurora", "Loja do Sol", "Mercado Verde", "Esporte Já", "Empório Minas"),
    ),
}

OTHER: Final = Assortment(
    ("Plain", "Bright", "Sturdy", "Handy", "Noble"),
    (
        Kind("home", ("Lamp", "Chair", "Vase", "Blanket"), 9, 199),
        Kind("office", ("Notebook", "Pen", "Folder"), 2, 49),
        Kind("kitchen", ("Pan", "Knife", "Bowl"), 5, 129),
    ),
)
"""Of a unit that the packaged policies do not have."""

PRICE_LEVELS: Final[Mapping[str, int]] = {"BRL": 6, "CNY": 8, "INR": 90, "JPY": 160, "KRW": 1500, "MXN": 20}
"""What one euro of a price becomes; 1 where a currency is not listed."""
