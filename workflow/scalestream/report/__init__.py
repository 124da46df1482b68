"""What people read and look at besides figures: the comparison with the paper, the atlas and the report's pages."""
