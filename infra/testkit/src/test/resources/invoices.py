"""An application with rows of its own: `python3 invoices.py DSN`. Says the runs that it has started."""

import sys

import psycopg

START = "select outrun.start_run(%s, %s::json, idempotency_key => %s)"
APPEND = "select outrun.append(%s, null, %s::json)"
INVOICE = "insert into invoice (customer, amount) values (%s, %s)"

with psycopg.connect(sys.argv[1]) as connection:
    with connection.transaction():
        connection.execute(INVOICE, ("ada", 12))
        run = connection.execute(START, ("echo", '{ "invoice": 1.50 }', "ada")).fetchone()[0]
        connection.execute(APPEND, (run, '[{"type":"note","data":{ "by": "python" }}]'))

    try:
        with connection.transaction():
            connection.execute(INVOICE, ("grace", 13))
            connection.execute(START, ("echo", "1", "grace"))
            raise InterruptedError("something else went wrong")
    except InterruptedError:
        pass

    try:
        with connection.transaction():
            connection.execute(INVOICE, ("alan", 14))
            connection.execute(START, ("nobody's", "1", "alan"))
    except psycopg.Error as e:
        print(e.sqlstate)

    with connection.transaction():
        again = connection.execute(START, ("echo", "2", "ada")).fetchone()[0]

print(run)
print(again)
