"""Progress lines."""

import logging
from types import SimpleNamespace

from scalestream.run import progress


def clock(monkeypatch, *seconds):
    """The module's own clock; the real one also serves threads and processes that other tests have left."""
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=iter(seconds).__next__))


def test_progress_is_said_in_units_over_several_iterables(monkeypatch, caplog):
    monkeypatch.setattr(progress, "INTERVAL", 0)
    clock(monkeypatch, 0, 30, 60, 70, 80)
    watch = progress.watched("layer2.1", 4, "channels")
    with caplog.at_level(logging.INFO):
        assert list(watch(range(2), before=0, each=1.5, steps=2)) == [0, 1]
        assert list(watch(range(2), before=3, each=0.5, steps=2)) == [0, 1]
    first, second, third, last = caplog.messages
    assert first.startswith("layer2.1:  38%|") and first.endswith(" 1.5 of 4 [00:30<00:50, 0.05 channels/s, step 1 of 2]")
    assert second.endswith(" 3 of 4 [01:00<00:20, 0.05 channels/s, step 2 of 2]") and " 3.5 of 4 [" in third
    assert "100%" in last and last.endswith(" 4 of 4 [01:20<00:00, 0.05 channels/s, step 2 of 2]")


def test_slow_work_is_not_rounded_away(monkeypatch, caplog):
    clock(monkeypatch, 0, 20)
    with caplog.at_level(logging.INFO):
        assert list(progress.watched("visualized", 1, "channels")(range(1), each=40 / 2560, steps=2560)) == [0]
    assert caplog.messages[0].endswith(" 0.01562 of 1 [00:20<21:00, 0.000781 channels/s, step 1 of 2560]")


def test_the_end_is_said_even_of_quick_work(caplog):
    with caplog.at_level(logging.INFO):
        assert list(progress.watched("batches", 3)("abc")) == ["a", "b", "c"]
    (line,) = caplog.messages
    assert line.startswith("batches: 100%|") and " 3 of 3 [" in line and "step" not in line


def test_units_that_turn_up_on_the_way_add_to_the_total(caplog):
    with caplog.at_level(logging.INFO):
        watch = progress.watched("visualized", 3, "channels")
        for place in ({"before": 0, "each": 1.5}, {"before": 3, "each": 1, "more": 2}):
            assert list(watch(range(2), **place, steps=2)) == [0, 1]
    first, last = caplog.messages
    assert " 3 of 3 [" in first and last.startswith("visualized: 100%|") and " 5 of 5 [" in last


def test_a_note_and_a_last_batch_that_is_worth_less(caplog):
    correct = []
    with caplog.at_level(logging.INFO):
        watch = progress.watched("images", 5, "images")
        for batch in watch(["ab", "cd", "e"], each=2, note=lambda: f"top-1 so far: {len(correct)}"):
            correct.append(batch)
    (line,) = caplog.messages
    assert " 5 of 5 [" in line and line.endswith("images/s] top-1 so far: 3")


def test_long_work_does_not_flood_the_log(monkeypatch, caplog):
    """Ten hours of a step a second: quick news at first, a hundred or so lines in all."""
    clock(monkeypatch, *range(36001))
    with caplog.at_level(logging.INFO):
        assert len(list(progress.watched("visualized", 36000)(range(36000)))) == 36000
    assert " 16 of 36000 [" in caplog.messages[0] and 80 < len(caplog.messages) < 160
