"""A process that breaks shows no credential, wherever it breaks."""

import subprocess
import sys

import pytest

START = "from popcam.core.crashes import clean_crashes; clean_crashes()\n"
BREAK = "raise ValueError('no answer from rtsp://tom:hunter2@h/main')"


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        (BREAK, "ValueError: no answer from rtsp://***@h/main"),
        (
            (
                f"import threading\ndef broken(): {BREAK}\n"
                "t = threading.Thread(target=broken, name='reader'); t.start(); t.join()"
            ),
            "Exception in thread reader:",
        ),
        (f"class Broken:\n    def __del__(self): {BREAK}\nBroken()", "Exception ignored in"),
    ],
    ids=["main", "thread", "destructor"],
)
def test_what_a_broken_process_writes_is_clean(program: str, shown: str) -> None:
    done = subprocess.run([sys.executable, "-c", START + program], capture_output=True, text=True, check=False)
    assert shown in done.stderr
    assert "ValueError: no answer from rtsp://***@h/main" in done.stderr
    assert "Error" in done.stderr
    assert "rtsp://tom:hunter2" not in done.stderr.replace(BREAK, "")


def test_ctrl_c_is_no_crash() -> None:
    done = subprocess.run(
        [sys.executable, "-c", START + "raise KeyboardInterrupt"], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""


def test_a_thread_that_ends_the_process_is_no_crash() -> None:
    program = "import sys, threading\nt = threading.Thread(target=sys.exit)\nt.start(); t.join()"
    done = subprocess.run([sys.executable, "-c", START + program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
