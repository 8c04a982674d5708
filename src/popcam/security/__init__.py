"""Users, roles, sessions, tokens, the audit chain, secrets, certificates, and what watches for trouble."""
