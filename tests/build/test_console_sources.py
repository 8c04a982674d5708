"""What the console takes from the server is the server's of today."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_types_and_failure_words_of_the_console_are_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "make_console_sources.py"), "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
