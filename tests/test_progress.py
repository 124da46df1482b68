"""Progress lines."""

import logging

from scalestream import progress


def test_progress_is_said_in_units_over_several_iterables(monkeypatch, caplog):
    monkeypatch.setattr(progress, "INTERVAL", 0)
    watch = progress.watched("layer2.1", 4, "channel")
    with caplog.at_level(logging.INFO):
        assert list(watch(range(2), before=0, each=1.5)) == [0, 1]
        assert list(watch(range(2), before=3, each=0.5)) == [0, 1]
    first, second, third, last = caplog.messages
    assert first.startswith("layer2.1:  38%|") and "1.5/4 [" in first and "channel" in first and "step 1]" in first
    assert " 3.0/4 [" in second and " 3.5/4 [" in third and "100%" in last and "4.0/4 [" in last and "step 2]" in last


def test_the_end_is_said_even_of_quick_work(caplog):
    with caplog.at_level(logging.INFO):
        assert list(progress.watched("batches", 3)("abc")) == ["a", "b", "c"]
    (line,) = caplog.messages
    assert line.startswith("batches: 100%|") and " 3/3 [" in line and "step" not in line
