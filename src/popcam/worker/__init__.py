"""The process that runs pipelines, and its side of the worker protocol."""
