"""OpenVINO without its tools for converting models.

Its package imports them by itself where they are installed, and they take along HTTP, TLS and a client that reports use
to its maker: a third of what importing OpenVINO takes, for nothing that popcam uses.
"""

import sys

TOOLS = "openvino.tools.ovc"


def leave_out_openvino_tools() -> None:
    """Let imports of them fail in this process from now on; OpenVINO goes on without."""
    sys.modules.setdefault(TOOLS, None)  # type: ignore[arg-type] # Python's own way to say: not there
