"""The `fluorosam` program: every floor adds its commands; errors become one line and an exit status."""

from __future__ import annotations

import importlib
import sys

import typer

from fluorosam_sim import cli as sim_commands

# Typer brings a click of its own or uses an installed one: its usage errors are known by their common ancestor.
UsageProblem = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")

app = typer.Typer(
    name="fluorosam",
    help="Say a structure and see it outlined on the X-ray; say a command and the C-arm follows.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench = typer.Typer(help="Speed, measured beside other packages in the same run.", no_args_is_help=True)
app.add_typer(bench, name="bench")
sim_commands.register(app, bench)
importlib.import_module("fluorosam_model.cli").register(app, bench)
importlib.import_module("fluorosam_ros.commands").register(app, bench)
importlib.import_module("fluorosam_ros.console.commands").register(app)
importlib.import_module("fluorosam_ros.speech.commands").register(app, bench)
importlib.import_module("fluorosam_ros.bench_guidance_command").register(bench)


def main() -> None:
    """Runs the program. Exit status: 0 done, 1 failed, 2 wrong input or usage."""
    arguments = sys.argv[1:]
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        status = app(arguments, standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except (ValueError, OSError, LookupError) as error:
        if debug:
            raise
        print(f"fluorosam: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if isinstance(error, UsageProblem):
            print(f"fluorosam: {error.format_message()}", file=sys.stderr)  # type: ignore[attr-defined]
            sys.exit(2)
        if debug:
            raise
        print(f"fluorosam: {type(error).__name__}: {error} (run with --debug to see where)", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
