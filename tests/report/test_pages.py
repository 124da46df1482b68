"""Tables as pages to read."""

import pyarrow as pa

from scalestream.report.pages import table_page


def test_a_page_has_every_cell_as_text():
    page = table_page(
        "a <table>",
        pa.table(
            {
                "name": ["a & b", None],
                "share": [0.123456, 2.0],
                "passes": [True, False],
                "count": [50000, 1],
                "channels": [[1, 2], []],
            }
        ),
    )
    assert "<caption>a &lt;table&gt;, 2 rows</caption>" in page
    assert (
        '<td class="text">a &amp; b</td><td class="number">0.1235</td><td class="text">yes</td><td class="number">50000</td>'
        '<td class="text">1 2</td>'
    ) in page
    assert '<td class="text">–</td><td class="number">2</td><td class="text">no</td><td class="number">1</td>' in page
