"""A dictionary of the features that In and Pre of a block hold at several magnifications: a group crosscoder over scales."""
