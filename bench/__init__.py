"""What is measured: `make bench`, or `python -m bench pages live` for some of it."""
