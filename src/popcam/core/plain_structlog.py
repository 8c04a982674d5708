"""Importing structlog without rich, which it takes along to draw tracebacks where it is installed.

Ours are plain everywhere, and rich is a sixth of what a worker imports: a killed worker's cameras wait for that.
"""

import importlib
import sys


def import_structlog() -> None:
    """Import it now, before anything else does. Rich itself stays there for who asks for it later."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment] # Python's own way to say: not there
    try:
        importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]
