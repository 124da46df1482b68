"""Channels of two layers that may be one feature at two scales: a match for every channel of the earlier layer."""
