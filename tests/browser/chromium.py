"""A real headless Chromium, Debian's, with everything that its pages say and ask for."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def launched():
    """The browser; installs Debian's package where this is root, and skips the tests where it cannot be had."""
    if not shutil.which("chromium") and not os.geteuid():
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(
                ["apt-get", "-qq", *step],
                stdout=subprocess.DEVNULL,
                check=False,
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            )
    found = shutil.which("chromium")
    if not found:
        pytest.skip("there is no chromium; install Debian's package of that name")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


@contextmanager
def page_of(browser, folder: Path, **options):
    """A page that may open files below a folder only, and at whose end nothing has gone wrong."""
    with browser.new_context(**options) as context:
        opened: Page = context.new_page()
        opened.requested, faults = [], []
        opened.on("request", lambda request: opened.requested.append(request.url))
        opened.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type in ("error", "warning") and "cdn.tailwindcss.com" not in message.text
                else None
            ),
        )  # of which the page of Snakemake's report warns
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("requestfailed", lambda request: faults.append(request.url))
        yield opened
        assert faults == []
        elsewhere = [url for url in opened.requested if not url.startswith((f"{folder.as_uri()}/", "data:", "blob:"))]
        assert elsewhere == []
