"""Fireside: put fires out together, then gather by the fireside and learn."""

__version__ = "0.2.0"
RUNS_FROM = "0.1.0"  # the oldest release that can still run on a database that this one has changed
