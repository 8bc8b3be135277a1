"""Fireside: put fires out together, then gather by the fireside and learn."""

__version__ = "0.1.0"
