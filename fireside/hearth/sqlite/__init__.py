"""SQLite for a house of many threads, as Django's database engine."""
