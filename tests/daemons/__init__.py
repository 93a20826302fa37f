"""Real daemons out of Debian's packages, run in namespaces beside a scanner, and the truth about each of them.

`recipes/NAME.yaml` is one daemon; `packages` downloads and unpacks, `rooms` gives each daemon a root of its own, `lab`
starts them, `judge` compares what was identified with what the packages say. `python -m daemons.run NAME...` is all
of it. Nothing is installed on this machine, and nothing runs outside the lab's namespaces.
"""
