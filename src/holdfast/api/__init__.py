"""The server: HTTP, WebSocket and server-sent events, each request with its caller's own rights."""
