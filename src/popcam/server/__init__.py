"""The HTTP API, one file per resource, and the wiring of the server process."""
