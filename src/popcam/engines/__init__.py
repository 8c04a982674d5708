"""What can judge a stream, behind one interface: `popcam.core.interfaces.Engine`."""

from popcam.engines.entry import EngineScores
from popcam.engines.registry import ENGINES, engine_scores, load_engine

__all__ = ["ENGINES", "EngineScores", "engine_scores", "load_engine"]
