"""The doctor: what must always hold, each rule one SQL statement over all rows."""
