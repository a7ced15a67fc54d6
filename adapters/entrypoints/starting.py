"""What comes before anything slow: the settings, where the log goes, and a server's address."""

import logging
import socket
from typing import Final

from adapters.entrypoints.faults import UsageFault
from adapters.settings import Settings, load_settings

LOG_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def bound_socket(host: str, port: int) -> socket.socket:
    """Raises UsageFault when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        reason = error.strerror or str(error)
        message = f"{host}:{port} cannot be used: {reason}. Set ORDER_CENTER_PORT to another port."
        raise UsageFault(message) from error
    return taken


def log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level.upper(), format=LOG_FORMAT)
    for name in ("alembic", "uvicorn"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def settings_and_log() -> Settings:
    """The settings, with the log as they say. Raises SettingsError."""
    settings = load_settings()
    log_to_stderr(settings)
    return settings
