"""What the site's policy says, and what is wrong with it."""
