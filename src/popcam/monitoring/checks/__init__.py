"""Health checks, one file per subject. Each offers functions that make `core.monitoring.Check` objects."""
