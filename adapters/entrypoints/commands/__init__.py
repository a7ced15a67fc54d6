"""The commands of `order-center`, a module each; which there are stands in `loading.py`."""
