"""Runs the benchmarks named on the command line, or all of them, one after another."""

import importlib
import sys

ALL = [
    "start", "timers", "intake", "beside", "pages", "search", "live", "screen", "slack", "declare", "storm",
    "steps", "keeping", "machines", "model", "hooks",
]  # fmt: skip


def main() -> int:
    names = sys.argv[1:] or ALL
    if unknown := set(names) - set(ALL):
        print(f"There is no benchmark called {', '.join(sorted(unknown))}; there are: {', '.join(ALL)}.")
        return 2
    for name in names:
        importlib.import_module(f"bench.{name}").main()
    return 0


sys.exit(main())
