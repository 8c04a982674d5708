"""The database: engine, tables, migrations, and one store per kind of row."""

from popcam.storage.database import Database
from popcam.storage.event_writer import EventWriter
from popcam.storage.events import EventFilter, EventPage, EventRow, EventStore, Retention

__all__ = ["Database", "EventFilter", "EventPage", "EventRow", "EventStore", "EventWriter", "Retention"]
