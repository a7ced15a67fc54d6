"""The catalogue and its terms as rows of the embedded services."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.db.engine import Transaction
from adapters.seeding.books import VALID
from adapters.seeding.catalogue import WAREHOUSES, Catalogue, Product
from adapters.seeding.statements import NEW_ROWS
from adapters.seeding.terms import COUPONS, PROMOTIONS, TAXES, CouponTerm, PromotionTerm, shipping_terms
from domain.orders.pricing_rules import LinePromotion, OrderPromotion
from domain.policies import Policies

Values = dict[str, Any]
CODES: Final = 10_000
"""Vouchers that each digital product has."""
SOLD_BEFOREHAND: Final = slice(-5, None)
_MATERIALS: Final = ("cotton", "steel", "oak", "glass", "recycled plastic")


async def write_catalogue(
    transaction: Transaction, catalogue: Catalogue, policies: Policies, reference: datetime
) -> None:
    """What is there already stays as it is."""
    rows = {
        "warehouses": [{"code": place.code, "name": place.name} for place in WAREHOUSES],
        "products": [_product(product) for product in catalogue.all_products()],
        "product_content": [_content(product) for product in catalogue.all_products()],
        "stock": [row for product in catalogue.all_products() for row in _stock(product)],
        "members": [
            {
                "id": member.buyer.member_id,
                "name": member.buyer.name,
                "level": member.buyer.level,
                "email": member.email,
                "phone": member.phone,
            }
            for member in catalogue.members
        ],
        "promotions": [_promotion(term, reference) for term in PROMOTIONS],
        "coupons": [_coupon(term, reference) for term in COUPONS],
        "shipping_methods": list(_shipping(policies)),
        "tax_rates": [
            {"country": country, "region": region, "category": category, "rate": rate}
            for (country, region, category), rate in TAXES.items()
        ],
    }
    rows["presales"] = list(_presales(catalogue, reference))
    rows["voucher_pools"] = [
        {"sku": product.sku, "remaining": CODES, "valid_s": int(VALID.total_seconds())}
        for product in catalogue.all_products()
        if product.is_digital
    ]
    for name, items in rows.items():
        await transaction.execute_many(NEW_ROWS[name], items)


def _presales(catalogue: Catalogue, reference: datetime) -> Iterator[Values]:
    """Of each unit a few goods are sold beforehand now; their balance is paid in two weeks."""
    for unit, products in catalogue.products.items():
        for product in [each for each in products if each.leftover][SOLD_BEFOREHAND]:
            yield {
                "business_unit": unit,
                "sku": product.sku,
                "balance_opens_at": reference + timedelta(days=14),
                "balance_due_at": reference + timedelta(days=21),
                "sold_until": reference + timedelta(days=10),
            }


def _product(product: Product) -> Values:
    return {
        "sku": product.sku,
        "name": product.name,
        "category": product.category,
        "price_minor": product.price_minor,
        "currency": product.currency,
        "is_available": product.is_available,
        "seller_id": product.seller.id if product.seller else None,
        "seller_name": product.seller.name if product.seller else None,
        "supply_channel": product.supply_channel.value,
        "delivery_mode": product.delivery_mode,
    }


def _content(product: Product) -> Values:
    material = _MATERIALS[product.number % len(_MATERIALS)]
    pictures = 1 + product.number % 3
    return {
        "sku": product.sku,
        "title": product.name,
        "description": f"{product.name}, from our {product.category} range. Made with {material}.",
        "images": [f"/images/{product.sku.lower()}-{at}.jpg" for at in range(1, pictures + 1)],
        "attributes": {
            "material": material,
            "weightGrams": 100 + product.number * 37 % 2900,
            "options": {name: list(values) for name, values in product.options.items()},
        },
    }


def _stock(product: Product) -> Iterator[Values]:
    for warehouse, units in product.leftover.items():
        yield {
            "sku": product.sku,
            "warehouse": warehouse,
            "initial": units,
            "received": 0,
            "restocked": 0,
            "allowance": 0,
            "deducted": 0,
            "on_hand": units,
            "reserved": 0,
        }


def _promotion(term: PromotionTerm, reference: datetime) -> Values:
    rule = term.rule
    return {
        "code": rule.code,
        "name": rule.name,
        "kind": "LINE" if isinstance(rule, LinePromotion) else "ORDER",
        "funder": rule.funder.value,
        "rate": rule.reduction.rate,
        "amount_minor": rule.reduction.amount_minor,
        "currency": term.currency,
        "minimum_minor": rule.minimum_minor if isinstance(rule, OrderPromotion) else 0,
        "minimum_quantity": rule.minimum_quantity if isinstance(rule, LinePromotion) else 1,
        "skus": sorted(rule.skus) or None if isinstance(rule, LinePromotion) else None,
        "categories": sorted(rule.categories) or None if isinstance(rule, LinePromotion) else None,
        "business_units": list(term.units) or None,
        "channels": None,
        "member_levels": list(term.levels) or None,
        "priority": term.priority,
        "valid_from": term.validity.starts_at(reference),
        "valid_until": term.validity.ends_at(reference),
    }


def _coupon(term: CouponTerm, reference: datetime) -> Values:
    rule = term.rule
    return {
        "code": rule.code,
        "name": rule.name,
        "funder": rule.funder.value,
        "rate": rule.reduction.rate,
        "amount_minor": rule.reduction.amount_minor,
        "currency": term.currency,
        "minimum_minor": rule.minimum_minor,
        "business_units": list(term.units) or None,
        "channels": None,
        "valid_from": term.validity.starts_at(reference),
        "valid_until": term.validity.ends_at(reference),
        "total_limit": term.total_limit,
        "member_limit": term.member_limit,
    }


def _shipping(policies: Policies) -> Iterator[Values]:
    for unit in policies.units.values():
        for term in shipping_terms(unit):
            yield {
                "business_unit": term.unit,
                "country": term.country,
                "currency": term.currency,
                "method": term.offer.method,
                "name": term.offer.name,
                "amount_minor": term.offer.amount_minor,
                "free_from_minor": term.offer.free_from_minor,
                "priority": term.priority,
            }
