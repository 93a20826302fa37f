"""An insurer's evidence pack: a report with all that it rests on, digests of every file, and a signature over them.

report ──> contents ──> manifest ──> signature ──> a folder or a zip; `check` goes the same way back.
"""
