"""All benchmarks, one after the other, and their tables in `benchmarks/RESULTS.md`.

    python -m benchmarks [--quick] [--only NAME ...] [--resume] [--data FOLDER]

What is not measured this time keeps its table and its date. A script that fails or hangs is told at the end (status 1)
and keeps its last table, too. `--resume` lets scripts that were ended go on where they were. About three hours
in all on 2 cores, half an hour with `--quick`; the machine should do nothing else.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.lib.peers import ROOT
from benchmarks.lib.results import read_sections, results_page

RESULTS: Final = Path(__file__).with_name("RESULTS.md")


class Script(NamedTuple):
    """One script: what it understands, and after how many minutes it hangs."""

    name: str
    minutes: float
    quick: tuple[str, ...] = ("--quick",)
    resumes: bool = False
    takes_data: bool = False
    needs_data: bool = False


SCRIPTS: Final = (
    Script("hide_video", 120, resumes=True),
    Script("hide_photos", 60, resumes=True, takes_data=True),
    Script("job_stages", 10),
    Script("live_vs_guides", 20),
    Script("idle_camera", 15),
    Script("many_cameras", 25),
    Script("detector_stage", 15),
    Script("job_soak", 35),
    Script("pipeline_cpu", 25, quick=("--runs", "1", "--window", "6")),
    Script("cameras_per_core", 15, quick=("--runs", "1")),
    Script("recovery_times", 45),
    Script("footprint", 15, quick=("--runs", "1")),
    Script("live_latency", 15, quick=()),
    Script("server_viewers", 15, quick=()),
    Script("auth_cost", 5, quick=("--runs", "2", "--window-s", "2")),
    Script("batch_status", 15, quick=()),
    Script("figures_cost", 10),
    Script("alert_rules", 10),
    Script("notify_times", 10),
    Script("response_cache", 5, quick=("--window-s", "3")),
    Script("console_wall", 20, quick=()),
    Script("inference_throughput", 15, quick=("--rounds", "20")),
    Script("quantised_detector", 20, takes_data=True),
    Script("detector_accuracy", 15, quick=(), takes_data=True, needs_data=True),
)


def main() -> int:
    """Measure and write; the status of the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=[script.name for script in SCRIPTS])
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--data", type=Path, help="annotated photos, see detector_accuracy")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    failed = []
    for script in SCRIPTS:
        if (chosen.only and script.name not in chosen.only) or (script.needs_data and not chosen.data):
            continue
        print(f"== {script.name}", flush=True)
        printed, reason = measure(script, options_of(script, chosen))
        if reason:
            failed.append(f"{script.name}: {reason}")
        else:
            write(chosen.results, script.name, printed)
    print("\n".join(failed) if failed else f"all measured: {chosen.results}")
    return 1 if failed else 0


def options_of(script: Script, chosen: argparse.Namespace) -> list[str]:
    """What of our own options the script gets."""
    options = list(script.quick) if chosen.quick else []
    if chosen.resume and script.resumes:
        options.append("--resume")
    if chosen.data and script.takes_data:
        options += ["--data", str(chosen.data)]
    return options


def measure(script: Script, options: list[str]) -> tuple[str, str]:
    """What it printed, and why it failed; empty when it did not."""
    command = [sys.executable, "-m", f"benchmarks.{script.name}", *options]
    began_s = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        printed, _ = process.communicate(timeout=60 * script.minutes)
    except subprocess.TimeoutExpired:
        process.terminate()  # so that it ends what it started
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return "", f"took longer than {script.minutes:g} minutes"
    except BaseException:
        process.terminate()
        process.wait(60)
        raise
    print(printed, flush=True)
    print(f"-- {script.name}: {(time.monotonic() - began_s) / 60:.1f} minutes", flush=True)
    return printed, f"status {process.returncode}" if process.returncode else ""


def write(results: Path, name: str, printed: str) -> None:
    """Put its tables in place of the ones before; at once, so that nothing is lost when a later script hangs."""
    sections = read_sections(results.read_text("utf-8")) if results.exists() else {}
    sections[name] = printed.strip()
    ordered = {script.name: sections[script.name] for script in SCRIPTS if script.name in sections}
    results.write_text(results_page(ordered), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
