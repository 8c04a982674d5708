"""Holds the measured coverage against the house rule: 90 % of all lines, and no file below 70 %.

python scripts/check_coverage.py coverage.json
"""

import json
import sys
from pathlib import Path
from typing import Any

TOTAL_PERCENT = 90.0
FILE_PERCENT = 70.0


def findings(report: dict[str, Any]) -> list[str]:
    """What falls short, one line each; `report` is the JSON that coverage.py writes."""
    total = float(report["totals"]["percent_covered"])
    short = [] if total >= TOTAL_PERCENT else [f"total: {total:.1f} % is below {TOTAL_PERCENT:.0f} %"]
    for name, file in sorted(report["files"].items()):
        percent = float(file["summary"]["percent_covered"])
        if percent < FILE_PERCENT:
            short.append(f"{name}: {percent:.1f} % is below {FILE_PERCENT:.0f} %")
    return short


def main() -> None:
    """Print the findings, and end with status 1 when there are any."""
    report = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    short = findings(report)
    for line in short:
        print(f"coverage: {line}")
    if short:
        sys.exit(1)
    print(f"coverage: {float(report['totals']['percent_covered']):.1f} % of {len(report['files'])} files")


if __name__ == "__main__":
    main()
