"""Readers of legacy systems' data: each turns its source into the orders that `importOrders` takes."""
