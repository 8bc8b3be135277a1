"""Files beside words: for those who may enter the room, and never run by a browser."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase

from fireside.hearth.files import PICTURES, File
from fireside.web.page import asker, found, guests_too

INLINE = PICTURES | {"application/pdf", "text/plain"}
# A browser's own PDF reader does not open in a sandbox; nothing in it may load or run anything either way.
POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"


@guests_too
@login_required
def file(request: HttpRequest, pk: int, name: str) -> HttpResponseBase:
    """The bytes as they were given; pictures, PDF and plain text are shown, anything else is saved."""
    kept = found(File.objects.all(), asker(request), room="message__room", pk=pk)
    try:
        handle = kept.open()
    except FileNotFoundError:  # a back-up without its files
        raise Http404 from None
    kind = "text/plain; charset=utf-8" if kept.type == "text/plain" else kept.type
    response = FileResponse(
        handle, as_attachment=kept.type not in INLINE, filename=kept.name, content_type=kind
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICY if kept.type == "application/pdf" else f"{POLICY}; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
