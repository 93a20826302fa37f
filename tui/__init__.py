"""The terminal UI: shows a Report. It sees the model, the exporters and the session, never a socket.

Textual is imported by `tui.app` and below, never by `tui.command`, so that the command line starts without it.
"""
