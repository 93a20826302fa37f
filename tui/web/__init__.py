"""The screens in a browser on the same laptop; `server` needs textual-serve (`pip install 'fencewalk[serve]'`)."""
