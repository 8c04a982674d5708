"""Status requests of eight kept connections, from a process of its own, and what one costs the server."""

import json
import subprocess
import sys

from benchmarks.lib.server import RunningServer

LOAD = """
import asyncio, json, sys, time
port, seconds, header = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
request = f"GET /api/v1/cameras/cam/status HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n{header}\\r\\n".encode()
async def client(end_s):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < end_s:
        writer.write(request)
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(line for line in head.lower().split(b"\\r\\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        count += 1
    writer.close()
    return count
async def main():
    end_s = time.monotonic() + seconds
    return sum(await asyncio.gather(*(client(end_s) for _ in range(8))))
print(json.dumps(asyncio.run(main()) / seconds))
"""


def requests(server: RunningServer, seconds: float, header: str = "") -> tuple[float, float]:
    """Answered status requests of the camera `cam` a second, and the server's CPU time for one in milliseconds.

    The second figure holds on a busy machine too; the first shares its cores with the client.

    Args:
        header: further header lines, each ended by CR and LF.
    """
    before_s = server.server_cpu_s()
    command = [sys.executable, "-c", LOAD, str(server.port), str(seconds), header]
    rate: float = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return rate, 1000 * (server.server_cpu_s() - before_s) / (rate * seconds)
