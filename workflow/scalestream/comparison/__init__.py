"""Networks side by side: what is compared between the members of a family."""
