"""Values that every room speaks: money, ids, enumerations."""
