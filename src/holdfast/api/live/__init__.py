"""The feed over WebSocket and SSE; docs/reference/live.md is its agreement with clients."""
