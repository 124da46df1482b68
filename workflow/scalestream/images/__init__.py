"""The image set: where it comes from, and what the network gets to see of it."""
