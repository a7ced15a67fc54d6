"""The console's page, and the one for analytics. Their scripts and styles are bundled beforehand (`web/`, `npm ci && npm run build`) and shipped in
`assets/`; nothing is fetched from anywhere but this server. The pages name them relative to themselves, so that they
work under whatever prefix a proxy puts before /graphql and /analytics.
"""

from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_EXAMPLES_SLOT: Final = b"[]</script>"

ASSETS: Final = _HERE / "assets"
"""The folder to serve under `console/assets/` beside the page. The names carry no hash: send `Cache-Control: no-cache`,
so that browsers ask again (and get 304) after an upgrade."""

_DIRECTIVES: Final = (
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",  # Monaco writes style elements and attributes
    "worker-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY: Final = "; ".join(_DIRECTIVES)


@cache
def console_page() -> bytes:
    """The HTML with the example operations inside, as a data block: browsers do not run it, so the policy allows it."""
    template = (_HERE / "web" / "index.html").read_bytes()
    # A `<` in the data could end its block; in JSON it occurs within strings only, where the escape means the same.
    examples = (_HERE / "examples.json").read_bytes().replace(b"<", b"\\u003c")
    return template.replace(_EXAMPLES_SLOT, examples + b"</script>", 1)


@cache
def analytics_page() -> bytes:
    return (_HERE / "web" / "analytics.html").read_bytes()
