"""A real headless Chromium, Debian's, with everything that its pages say and ask for."""

from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from debian import installed

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
    """The browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed("chromium"), args=OPTIONS)
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
