"""What the benchmarks share: clips with exact content, a real server with its processes, tables."""
