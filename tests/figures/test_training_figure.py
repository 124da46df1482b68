"""The figure of a training: what is drawn, by hand."""

from scalestream.figures.training import training


def test_a_training_shows_loss_and_both_accuracies_by_epoch():
    columns = {"loss": (2.0, 1.0, 1.5), "accuracy": (0.1, 0.4, 0.3), "validation_accuracy": (0.2, 0.3, 0.5)}
    rows = [{"epoch": number + 1} | {name: values[number] for name, values in columns.items()} for number in range(3)]
    figure = training(rows)
    losses, accuracies = figure.axes
    drawn = [line.get_ydata().tolist() for line in (*losses.lines, *accuracies.lines)]
    assert drawn == [list(values) for values in columns.values()]
    assert [line.get_xdata().tolist() for line in accuracies.lines] == [[1, 2, 3]] * 2
    assert losses.get_ylim() == (0, 2.1) and accuracies.get_ylim() == (0, 1)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == ["training images, as seen", "validation images, no scale"]
