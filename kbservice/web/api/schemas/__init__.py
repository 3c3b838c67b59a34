"""The shapes of requests and answers; nothing else converts."""
