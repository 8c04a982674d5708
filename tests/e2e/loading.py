"""What the first load of the console takes: bytes as they come over the network, and time."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.browsing import Reader

NOTE_FIRST_PICTURE = """new MutationObserver((_, observer) => {
  if (!document.querySelector('.live[data-state="playing"], .still.shown')) return;
  document.documentElement.dataset.firstPictureMs = performance.now();
  observer.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state", "class"] });"""


@dataclass(frozen=True)
class Load:
    """One first load, with an empty cache."""

    size_bytes: int
    """Of all answers with their headers, compressed, until the first picture. Live pictures are not counted: they never
    end. States come over a WebSocket, see `state_bytes`."""
    state_bytes: int
    """Of the text that the server pushed until then: all cameras with their states, and news of them."""
    requests: int
    first_picture_ms: float
    """From the opening of the address."""
    by_path: dict[str, int]


def first_load(someone: Reader, url: str) -> Load:
    """Open the console and wait for the first picture."""
    network = someone.page.context.new_cdp_session(someone.page)
    paths: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def asked(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = event["request"]["url"].removeprefix(url)

    def finished(event: dict[str, Any]) -> None:
        sizes[paths.get(event["requestId"], "")] = int(event["encodedDataLength"])

    texts: list[int] = []

    def pushed(event: dict[str, Any]) -> None:
        if event["response"]["opcode"] == 1:
            texts.append(len(event["response"]["payloadData"].encode()))

    network.on("Network.webSocketFrameReceived", pushed)
    network.on("Network.requestWillBeSent", asked)
    network.on("Network.loadingFinished", finished)
    network.send("Network.enable")
    someone.page.add_init_script(NOTE_FIRST_PICTURE)
    someone.open(url)
    someone.page.wait_for_selector("html[data-first-picture-ms]", state="attached", timeout=40_000)
    took_ms = float(someone.page.get_attribute("html", "data-first-picture-ms") or "nan")
    # Pictures, small ones too, are what is loaded for; what shows them is weighed.
    shell = {path: size for path, size in sizes.items() if "/preview" not in path}
    network.detach()
    return Load(
        size_bytes=sum(shell.values()),
        state_bytes=sum(texts),
        requests=len(shell),
        first_picture_ms=took_ms,
        by_path=shell,
    )
