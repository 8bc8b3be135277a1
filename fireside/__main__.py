"""`python -m fireside` is the same as the `fireside` command."""

from fireside.config.cli import main

if __name__ == "__main__":
    main()
