"""Weights taken out of a package again, so that training can go on."""
