"""What Snakemake measured of each job."""

import pytest

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
    assert job_times.seconds_by_rule(tmp_path) == {"render_tables": [0.3], "visualize": [12.5]}
    assert job_times.seconds(tmp_path / "render_tables.tsv") == 0.3
    assert job_times.seconds(None) == job_times.seconds(tmp_path / "gone.tsv") == 0


@pytest.mark.parametrize("text", ["", "s\tmax_rss\n", "s\tcpu_time\tmax_rss\nsome\t1\t1\n"])
def test_a_damaged_benchmark_is_named_and_left_out(tmp_path, caplog, text):
    (tmp_path / "ablate.tsv").write_text(text)
    (tmp_path / "plot.tsv").write_text("s\tcpu_time\tmax_rss\n2\t1\t100\n")
    assert [row["rule"] for row in job_times.read(tmp_path)] == ["plot"]
    (line,) = caplog.messages
    assert line.startswith(f"{tmp_path / 'ablate.tsv'} is damaged, and left out")
