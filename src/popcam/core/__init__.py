"""The words of popcam: frames, facts, specs, errors and the promises between parts. Imports no other folder."""
