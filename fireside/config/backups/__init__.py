"""Backups: everything a house keeps, in one locked file."""

LATEST = "last_backup.json"  # in FIRESIDE_DATA: when, where to, how much
