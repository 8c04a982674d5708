"""Where results go: previews for viewers, recordings, other servers."""
