"""Who buys in the demo, and where they live: tables of names and places by country."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEVELS: Final = ("BRONZE", "SILVER", "GOLD", "PLATINUM")
LEVEL_WEIGHTS: Final = (50, 30, 15, 5)


@dataclass(frozen=True, slots=True)
class Place:
    region: str | None
    city: str
    postal_code: str


@dataclass(frozen=True, slots=True)
class Country:
    given: tuple[str, ...]
    family: tuple[str, ...]
    places: tuple[Place, ...]
    streets: tuple[str, ...]
    dial: str


COUNTRIES: Final[Mapping[str, Country]] = {
    "DE": Country(
        ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Jonas", "Lea", "Max", "Nele", "Paul"),
        ("Becker", "Fischer", "Hoffmann", "Keller", "Krüger", "Meyer", "Schäfer", "Schulz", "Vogel", "Weber"),
        (
            Place("BE", "Berlin", "10115"),
            Place("HH", "Hamburg", "20095"),
            Place("BY", "München", "80331"),
            Place("SN", "Leipzig", "04109"),
        ),
        ("Lindenallee", "Gartenstraße", "Marktplatz", "Schillerstraße"),
        "+49 30 5550",
    ),
    "FR": Country(
        ("Amélie", "Bastien", "Chloé", "Hugo", "Inès", "Louis", "Manon", "Théo"),
        ("Bernard", "Dubois", "Durand", "Lambert", "Moreau", "Petit"),
        (Place("IDF", "Paris", "75011"), Place("ARA", "Lyon", "69002"), Place("PAC", "Marseille", "13001")),
        ("Rue des Lilas", "Avenue Foch", "Rue du Port"),
        "+33 1 5550",
    ),
    "AT": Country(
        ("Eva", "Florian", "Johanna", "Lukas", "Sophie", "Tobias"),
        ("Gruber", "Huber", "Moser", "Steiner"),
        (Place("9", "Wien", "1010"), Place("6", "Graz", "8010")),
        ("Ringstraße", "Mozartgasse"),
        "+43 1 5550",
    ),
    "NL": Country(
        ("Daan", "Fenna", "Lotte", "Milan", "Noor", "Sem"),
        ("Bakker", "de Vries", "Jansen", "Visser"),
        (Place("NH", "Amsterdam", "1012"), Place("ZH", "Rotterdam", "3011")),
        ("Kerkstraat", "Dorpsstraat"),
        "+31 20 5550",
    ),
    "US": Country(
        ("Aaron", "Bella", "Carlos", "Dana", "Ethan", "Grace", "Henry", "Ivy", "Jack", "Maya", "Noah", "Zoe"),
        ("Adams", "Brooks", "Carter", "Diaz", "Evans", "Foster", "Hayes", "Nguyen", "Parker", "Reed"),
        (
            Place("CA", "San Francisco", "94103"),
            Place("NY", "New York", "10001"),
            Place("TX", "Austin", "73301"),
            Place("WA", "Seattle", "98101"),
            Place("OR", "Portland", "97201"),
        ),
        ("Main Street", "Oak Avenue", "Lake Drive", "Second Street"),
        "+1 555 010",
    ),
    "BR": Country(
        ("Ana", "Beatriz", "Caio", "Diego", "Fernanda", "Gabriel", "João", "Larissa", "Rafael", "Thaís"),
        ("Almeida", "Barbosa", "Costa", "Gomes", "Oliveira", "Pereira", "Souza", "Silva"),
        (
            Place("SP", "São Paulo", "01310-100"),
            Place("RJ", "Rio de Janeiro", "20040-020"),
            Place("MG", "Belo Horizonte", "30130-010"),
            Place("PE", "Recife", "50010-000"),
        ),
        ("Rua das Flores", "Avenida Brasil", "Rua do Comércio"),
        "+55 11 5550",
    ),
}

ELSEWHERE: Final = Country(
    ("Alex", "Charlie", "Robin", "Sam"), ("Doe", "Roe", "Poe"), (Place(None, "Springfield", "10000"),), ("Main Road",), "+99 5550"
)  # fmt: skip
"""For a country that is not listed."""

SERVED: Final[Mapping[str, tuple[str, ...]]] = {"fashion-eu": ("DE", "DE", "DE", "FR", "AT", "NL")}
"""Where a unit's members live, as often as it is named; a unit that is not listed has them in its own country."""
