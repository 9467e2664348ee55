"""Voice packages: what a manifest says, and where packages are found."""
