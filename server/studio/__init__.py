"""A studio: one queue in Redis, one state in PostgreSQL, results that all can reach, many workers.

Loaded by who asks for it alone: dramatiq, psycopg and fsspec are an extra. Which job is next, and
who has which in hand, the table of jobs says; a message in Redis says no more than that there is
work, so that none that is lost or comes twice does harm.
"""
