"""Whole screens and the words and numbers on them."""
