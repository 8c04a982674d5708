"""The models of one worker: each is loaded once and shared by its cameras."""

import threading
from collections.abc import Callable

from popcam.core.interfaces import Engine
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.vision.runtimes import DeviceBudget, available_providers

EngineKey = tuple[str, int, float | None]


def load_libraries() -> None:
    """Import what runs models, and ask it for its devices, so that the first engine is loaded sooner."""
    available_providers()


class SharedEngines:
    """Loads engines on first use and keeps them.

    Args:
        inference: what runs the models.
        on_loading: called with the engine's name before it is loaded, and with "" afterwards, in the thread that needs
            it.
    """

    def __init__(self, inference: InferenceSpec, on_loading: Callable[[str], None] = lambda _: None) -> None:
        self._inference = inference
        self._on_loading = on_loading
        self._engines: dict[EngineKey, Engine] = {}
        self._budget = DeviceBudget(inference.gpu_memory_mb)
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{engine.name} ({engine.provider})" for engine in list(self._engines.values()))

    def get(self, name: str, *, input_width_px: int, min_score: float | None) -> Engine:
        """The one instance for this name, width and threshold.

        Raises:
            ModelError, InferenceError: it can't be loaded here.
        """
        key = (name, input_width_px, min_score)
        with self._lock:
            if key not in self._engines:
                self._on_loading(name)
                try:
                    self._engines[key] = load_engine(
                        name,
                        input_width_px=input_width_px,
                        min_score=min_score,
                        inference=self._inference,
                        budget=self._budget,
                    )
                finally:
                    self._on_loading("")
            return self._engines[key]

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            for engine in self._engines.values():
                engine.close()
            self._engines.clear()
