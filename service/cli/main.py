"""`milepost`: finds the command, runs it, and says in one sentence what went wrong.

A command is one module of this folder with two functions: `declare(commands)` adds its parser and names the function to
run with `set_defaults(run=...)`; that function takes the options and raises what stops it.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from typing import cast

import service.cli
from service import __version__
from service.kit.errors import MilepostError
from service.settings import WrongSettings

Run = Callable[[argparse.Namespace], None]

_SHARED = frozenset({"beside", "columns", "main", "opening"})
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """The parser with every command of this folder."""
    made = argparse.ArgumentParser(prog="milepost", description="Keeps the deadlines of government work plans.")
    made.add_argument("--version", action="version", version=f"milepost {__version__}")
    commands = made.add_subparsers(metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(service.cli.__path__), key=lambda each: each.name):
        if module.name not in _SHARED:
            importlib.import_module(f"service.cli.{module.name}").declare(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0, 1 when it failed, 2 when it was not understood."""
    options = parser().parse_args(arguments)
    try:
        cast(Run, options.run)(options)
    except WrongSettings as error:
        return _failed(*error.sentences)
    except MilepostError as error:
        return _failed(*(str(fault) for fault in error.faults)) if error.faults else _failed(error.message)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _failed(*sentences: str) -> int:
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 1
