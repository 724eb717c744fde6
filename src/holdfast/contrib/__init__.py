"""Adapters that let other people's agent frameworks keep what they remember in Holdfast.

Each is a module of its own, `holdfast.contrib.langgraph` for one, and needs the extra of its name: `holdfast[langgraph]`.
"""
