"""What Snakemake measured of each job."""

import pytest

from scalestream.errors import InputError
from scalestream.report import job_times


def test_benchmarks_are_read_by_rule_and_job(tmp_path):
    header = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
    (tmp_path / "visualize/layer2.1").mkdir(parents=True)
    (tmp_path / "visualize/layer2.1/0-24.tsv").write_text(f"{header}\n12.5\t0:00:12\t900.10\t1\t1\t1\t1\t1\t98.00\t11.20\n")
    (tmp_path / "render_tables.tsv").write_text(f"{header}\n0.3\t0:00:00" + 8 * "\tNA" + "\n")
    assert list(job_times.read(tmp_path)) == [
        {"rule": "render_tables", "job": "", "seconds": 0.3, "cpu_seconds": None, "max_rss_mb": None},
        {"rule": "visualize", "job": "layer2.1/0-24", "seconds": 12.5, "cpu_seconds": 11.2, "max_rss_mb": 900.1},
    ]


@pytest.mark.parametrize("text", ["", "s\tmax_rss\n", "s\tcpu_time\tmax_rss\nsome\t1\t1\n"])
def test_a_damaged_benchmark_is_named(tmp_path, text):
    (tmp_path / "ablate.tsv").write_text(text)
    with pytest.raises(InputError, match=r"ablate\.tsv is damaged; delete it and run again"):
        list(job_times.read(tmp_path))
