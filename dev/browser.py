"""`python -m dev.browser`: Debian's Chromium for the browser tests, installed where that is allowed.

The tests drive the system's browser: a second download of one would be neither in a lock file nor in the
system's security updates.
"""

import os
import shutil
import subprocess
import sys

CANDIDATES = ("chromium", "chromium-browser", "google-chrome")
ADVICE = """The browser tests need Chromium and this account may not install it.
Install it (Debian: apt-get install chromium), or leave those tests out: BURSAR_NO_BROWSER=1 make test"""


def main() -> int:
    """Exit status 0 when a browser is there or nobody wants one, 1 with advice otherwise."""
    if os.environ.get("BURSAR_NO_BROWSER") == "1":
        print("BURSAR_NO_BROWSER=1: the browser tests are left out")
        return 0
    if browser() is None and may_install():
        install()
    if browser() is None:
        print(ADVICE, file=sys.stderr)
        return 1
    return 0


def browser() -> str | None:
    """The path of a Chromium: the one `BURSAR_CHROMIUM` names, else the first found on the path."""
    named = os.environ.get("BURSAR_CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, CANDIDATES)), None)


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Chromium, and the fonts that Arabic and Hebrew pages need. What fails, apt explains itself."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "fonts-noto-core"]
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
