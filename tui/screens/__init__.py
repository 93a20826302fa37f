"""One screen a file. A screen receives a Report; widgets post messages and screens handle them."""
