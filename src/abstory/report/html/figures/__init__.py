"""Drawings as SVG, by small functions: places are per cents, so that a drawing is right at every width."""
