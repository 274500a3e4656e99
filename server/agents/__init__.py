"""The library as tools of an agent, by the Model Context Protocol, over standard input and output.

`folders` says where an agent may read and write, `tools` what it may ask for; `serving` speaks the
protocol, and alone imports its SDK.
"""
