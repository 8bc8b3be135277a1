"""Spans by OpenTelemetry's own library; nothing of what people say is in them.

Of an error the kind is told, of a statement its text without its values, of a request its pattern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from fireside import __version__
from fireside.hearth.errors import Sorry

CARRIER = TraceContextTextMapPropagator()


def to(endpoint: str) -> Spans:
    """Spans that go to this address, some at a time."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": "fireside", "service.version": __version__})
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Spans(provider)


class Spans:
    """Makes spans with this provider."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("fireside", __version__)

    @contextmanager
    def span(self, name: str, parent: str, told: Mapping[str, str | int]) -> Iterator[None]:
        above = CARRIER.extract({"traceparent": parent}) if parent else None
        with self._tracer.start_as_current_span(
            name, above, attributes=told, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Sorry:
                raise
            except Exception as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def tell(self, told: Mapping[str, str | int]) -> None:
        trace.get_current_span().set_attributes(told)

    def here(self) -> str:
        found: dict[str, str] = {}
        CARRIER.inject(found)
        return found.get("traceparent", "")

    def end(self) -> None:
        self._provider.shutdown()
