"""OpenTelemetry, where it is installed and asked for: requests, commands and jobs become traces."""

from __future__ import annotations

import logging

from fireside.hearth import traces

log = logging.getLogger(__name__)


def begin(endpoint: str) -> None:
    """From now on traces go to this address; nothing happens without one."""
    if not endpoint or traces.maker is not None:
        return
    try:
        from fireside.config.spans import to  # heavy, and not everybody has what it needs
    except ImportError:
        log.error("OTEL_EXPORTER_OTLP_ENDPOINT is set, and OpenTelemetry is not here: install fireside[otel]")
    else:
        traces.maker = to(endpoint)


def end() -> None:
    """Send what is not sent yet; call before the process ends."""
    if traces.maker is not None:
        traces.maker.end()
