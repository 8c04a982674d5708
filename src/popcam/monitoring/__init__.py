"""What is measured and checked while popcam runs, and what was."""
