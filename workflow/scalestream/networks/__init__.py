"""The networks under study: what their blocks and layers are, their weights, and how they are cut."""
