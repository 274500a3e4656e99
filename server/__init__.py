"""diffbgm over HTTP: uploads, a queue of compositions, their files. Imports nothing by itself."""
