"""Replacements for OpenHands' bearer authentication, refresh and logout, on tokenstate."""
