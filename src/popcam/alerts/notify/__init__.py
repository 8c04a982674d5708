"""Tells people and machines of alerts: channels, the outbox, MQTT."""
