"""The letters that the tables use for roles."""

from domain.values.enums import Role

B, P, M, C, F, W, A, S, V = (
    Role.BUYER,
    Role.PARTNER,
    Role.MERCHANT,
    Role.SUPPORT,
    Role.FINANCE,
    Role.WAREHOUSE,
    Role.ADMIN,
    Role.SYSTEM,
    Role.PROVIDER,
)


def roles(*letters: Role) -> frozenset[Role]:
    return frozenset(letters)
