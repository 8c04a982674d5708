"""Rules to states to notifications and recovery: who is told of what, when, and what popcam does by itself."""
