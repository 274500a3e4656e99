"""The command line: reads options, calls the library, tells what came of it."""
