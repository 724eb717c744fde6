"""The embedded PostgreSQL server: started on first use, shared by all who name its folder, stopped by the last."""

from holdfast.engine.embedded.folder import default_data_dir
from holdfast.engine.embedded.server import EmbeddedServer, ServerStatus, is_running, join, keep, release

__all__ = ["EmbeddedServer", "ServerStatus", "default_data_dir", "is_running", "join", "keep", "release"]
