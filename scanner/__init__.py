"""fencewalk's engine: from a site file to a report. See the floors in `tests/test_architecture.py`."""

__version__ = "0.1.0"
