"""Runs programs one after the other, and makes tables of what they took."""
