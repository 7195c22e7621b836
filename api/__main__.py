"""The entry point of ``positions`` and of ``python -m api``. It imports nothing before `main` runs."""

import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it without a traceback, even during the imports, which take a second."""
    try:
        from api.cli import main as run  # noqa: PLC0415  # so that the interrupt is caught
    except KeyboardInterrupt:
        sys.exit("Aborted!")  # as click says once it runs
    run(prog_name="positions")


if __name__ == "__main__":
    main()
