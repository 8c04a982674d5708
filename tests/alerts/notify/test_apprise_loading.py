"""Only the service of an address is imported: looked at in processes of their own."""

import json
import subprocess
import sys
from typing import Any

import pytest

PROBE = """
import json, sys
from popcam.alerts.notify.apprise_service import plugin_of
names = [plugin_of(url).service_name for url in sys.argv[1:]]
modules = [name for name in sys.modules if name.startswith("apprise.plugins.") and name.count(".") == 2]
print(json.dumps({"names": [str(name) for name in names], "modules": modules}))
"""


def probe(*urls: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE, *urls], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_one_address_imports_one_service() -> None:
    found = probe("json://127.0.0.1/in")
    assert found["names"] == ["JSON"]
    assert len(found["modules"]) < 5


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://discord.com/api/webhooks/4444444444/5555abcdefgh", "Discord"),
        ("kodi://127.0.0.1", "Kodi/XBMC"),
    ],
)
def test_what_stands_in_no_module_by_its_name_is_found_among_all(url: str, name: str) -> None:
    found = probe("json://127.0.0.1/in", url, "json://127.0.0.1/in")
    assert found["names"] == ["JSON", name, "JSON"]
    assert len(found["modules"]) > 100
