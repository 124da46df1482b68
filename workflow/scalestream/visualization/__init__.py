"""Feature visualization of many channels at once (paper, section 2.2)."""
