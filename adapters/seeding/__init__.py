"""Demo data: a catalogue, members, stock, and orders that lived through the real flow, written by COPY."""
