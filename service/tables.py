"""Every room that keeps something: `load` makes `SQLModel.metadata` complete, for migrations and tests."""

import importlib
import importlib.util
import pkgutil

import service


def load() -> None:
    """Import the tables of every room that has any."""
    for room in pkgutil.iter_modules(service.__path__):
        if not room.ispkg:
            continue
        spec = importlib.util.find_spec(f"service.{room.name}.models")
        if spec is not None:
            importlib.import_module(f"service.{room.name}.models")
