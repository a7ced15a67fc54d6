"""Where the browser is."""

import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found is not None, (
        "Chromium is missing: `make test-web` installs it as root; else `apt-get install chromium`."
    )
    return found
