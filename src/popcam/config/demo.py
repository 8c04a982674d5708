"""Settings of the demo: two built-in cameras, data apart from the real ones."""

from collections.abc import Mapping

import platformdirs

from popcam.config.loading import load_settings
from popcam.config.model import Settings
from popcam.core.running_server import default_runtime_dir

DEMO_CAMERAS: dict[str, dict[str, object]] = {
    "demo": {
        "name": "Demo: faces hidden · 演示：遮挡人脸",
        "source": "demo:",
        "act": {"kind": "hide", "style": "blur"},
    },
    "demo-boxes": {
        "name": "Demo: faces followed · 演示：跟踪人脸",
        "source": "demo:",
        "act": {"kind": "boxes"},
    },
}


def demo_settings(overrides: Mapping[str, object], env: Mapping[str, str] | None = None) -> Settings:
    """Settings that need no file: the demo cameras, and variables and flags as always.

    Raises:
        ConfigError: a variable or flag is wrong.
    """
    # Apart from the real server and from a second demo, which both may run beside it.
    name = f"demo-{overrides.get('server.port', 'default')}"
    demo: dict[str, object] = {
        "data_dir": platformdirs.user_data_path("popcam") / name,
        "runtime_dir": default_runtime_dir() / name,
        "log_dir": platformdirs.user_log_path("popcam") / name,
        "cameras": DEMO_CAMERAS,
    }
    return load_settings(None, env, {**demo, **overrides})
