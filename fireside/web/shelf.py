"""Where static files are kept: every name carries its content, also in what a script imports from another."""

from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class Shelf(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """So that a browser never mixes the scripts of two releases."""

    support_js_module_import_aggregation = True
