"""Running a few things side by side until the first of them ends."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*works: Coroutine[Any, Any, object]) -> int:
    """Run all until one returns; cancel the others. Gives the index of the one that returned, the lowest of several.

    What that one raises comes out here.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        ended = [index for index, task in enumerate(tasks) if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for index in ended:
        tasks[index].result()
    return ended[0]
