"""Real runs of other networks to figures and atlas: a bottleneck ResNet, a recurrent network, one of timm's with a linear stream, and
one of a user's own file; on a few photographs, with random weights."""
