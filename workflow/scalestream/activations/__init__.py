"""Center activations: how they are read from a map, extracted for all images, and summarised."""
