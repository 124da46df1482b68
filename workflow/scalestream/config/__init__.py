"""The configuration: checked, read by dotted keys, and what each step of the experiment depends on."""
