"""The `popcam` command, one file per subcommand. Imports of what a command needs stand inside it: help is instant."""
