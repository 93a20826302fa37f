"""Conversations with open ports."""
