"""When `make test` may install a browser, and what it says when it may not."""

import pytest

from dev import browser

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def no_browser_anywhere(monkeypatch):
    monkeypatch.delenv("BURSAR_NO_BROWSER", raising=False)
    monkeypatch.setenv("BURSAR_CHROMIUM", "no-such-browser")


def test_without_a_browser_and_without_the_right_to_install_one_it_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    assert browser.main() == 1
    assert "BURSAR_NO_BROWSER=1" in capsys.readouterr().err


def test_who_wants_no_browser_gets_none(monkeypatch):
    monkeypatch.setenv("BURSAR_NO_BROWSER", "1")
    monkeypatch.setattr(browser, "install", lambda: pytest.fail("nothing may be installed"))
    assert browser.main() == 0


def test_a_missing_browser_is_installed_where_that_is_allowed(monkeypatch, tmp_path):
    chromium = tmp_path / "chromium"

    def install():
        chromium.write_text("#!/bin/sh\n")
        chromium.chmod(0o755)

    monkeypatch.setattr(browser, "may_install", lambda: True)
    monkeypatch.setattr(browser, "install", install)
    monkeypatch.setenv("BURSAR_CHROMIUM", str(chromium))
    assert browser.main() == 0
