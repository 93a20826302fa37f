"""The cover, the trend and the site's logo in a real browser."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path

import msgspec
import pytest
from browser import BROWSER
from page_reader import PageReader
from record_sample import logo, recorded_report
from test_html_chromium import browse, complaints

from scanner.exporters.html import EXPORTER
from scanner.exporters.views import viewed
from scanner.model.recorded import LookRow

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")


def test_a_logo_runs_nothing_and_fetches_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        picture = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>document.title="run"</script>'
            f'<style>@import url("{address}/style");</style><image href="{address}/image" width="9" height="9"/></svg>'
        )
        report = msgspec.structs.replace(recorded_report(), look=LookRow("N", "#7a1f3d", logo(picture)))
        written = EXPORTER.render(viewed(report, "owner"))
        done = browse(tmp_path, written, "--dump-dom")
        server.shutdown()
    assert asked == []
    assert complaints(done.stderr) == []
    ours, theirs = PageReader(written.decode()), PageReader(done.stdout)
    assert [tag for tag, _ in theirs.elements] == [tag for tag, _ in ours.elements]
    assert theirs.text == ours.text
