"""How well the intact network does on magnified images."""
