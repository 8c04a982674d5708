"""What keeps people out of a page who see, hear or move differently, as far as axe-core finds it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

RUN = """async () => {
  // A control that fades while the page opens has a passing contrast.
  const ending = document.getAnimations().filter(one => one.effect?.getComputedTiming().endTime < 5000);
  await Promise.all(ending.map(one => one.finished.catch(() => 0)));
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  return (await axe.run(document, { runOnly: { type: "tag", values: tags } })).violations;
}"""


def access_faults(page: Page) -> list[str]:
    """Serious and critical violations of WCAG 2.2 AA on the page as it is now, one line each with the places."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: python scripts/web.py install")
    page.evaluate(AXE.read_text("utf-8"))
    violations: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']} at "
        + "; ".join(str(node["target"][0]) for node in violation["nodes"][:5])
        for violation in violations
        if violation["impact"] in {"serious", "critical"}
    ]
