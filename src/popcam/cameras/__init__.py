"""What cameras should do: the wish of settings and people, merged with what the fleet reports."""
